// What can be told of a statement by its words, without a parser: those that belong to other calls, and
// whether it can be one that only reads.
//
// Comments, quoted names and strings are passed over as PostgreSQL's lexer does. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemill::postgres {

// Why a statement must not be run by Run and its like, as a sentence without its end; nullopt: it may. It
// would leave something behind in a connection that others use: a transaction, a setting, a subscription; or
// it wants another protocol: COPY. What a function leaves there is not seen here (Connection::HoldSettings).
std::optional<std::string> RefusalOf(std::string_view text);

// False where it may write: it is no SELECT, VALUES, TABLE, SHOW or WITH, or has a word that changes rows or
// locks them. A function that it calls may still write; the server sees to that.
bool LooksReadOnly(std::string_view text);

}  // namespace tidemill::postgres
