// Answers of a server to a session, for fake ones: messages of PostgreSQL's protocol, ready to be sent.
#pragma once

#include <string>

namespace tidemill::postgres::testing {

std::string ParameterStatus(const std::string& name, const std::string& value);
// What a session needs to begin, `more` among it. Its process is 7, and it must say that it is another when
// it is asked who it is (OneInteger), as behind a pooler: then nothing more is asked of it.
std::string Greeting(const std::string& more = "");
// To Parse, Describe, Bind and Execute of a statement with one column of type int4. Rows are texts.
std::string Described();
std::string BindComplete();
std::string DataRow(const std::string& value);
std::string CommandComplete(const std::string& tag);
// All of it, with one row.
std::string OneInteger(const std::string& value);
// An error after which the session goes on.
std::string StatementError(const std::string& code, const std::string& text);
std::string ReadyForQuery();

}  // namespace tidemill::postgres::testing
