#include "postgres/testing/answers.h"

#include "postgres/protocol/wire.h"
#include "postgres/testing/fake_server.h"

namespace tidemill::postgres::testing {

std::string ParameterStatus(const std::string& name, const std::string& value) {
  std::string body;
  AppendString(body, name);
  AppendString(body, value);
  return Message('S', body);
}

std::string Greeting(const std::string& more) {
  return AuthenticationOk() + ParameterStatus("DateStyle", "ISO, MDY") +
         ParameterStatus("client_encoding", "UTF8") + more +
         Message('K', std::string("\0\0\0\7\0\0\0\1", 8)) + ReadyForQuery();
}

std::string Described() {
  std::string columns("\0\1?\0", 4);
  AppendUint32(columns, 0);  // table
  columns += std::string(2, '\0');
  AppendUint32(columns, 23);  // int4
  columns += std::string("\0\4", 2) + std::string(4, '\xff') + std::string(2, '\0');
  return Message('1', "") + Message('t', std::string(2, '\0')) + Message('T', columns);
}

std::string BindComplete() { return Message('2', ""); }

std::string DataRow(const std::string& value) {
  std::string row("\0\1", 2);
  AppendUint32(row, static_cast<std::uint32_t>(value.size()));
  return Message('D', row + value);
}

std::string CommandComplete(const std::string& tag) {
  std::string body;
  AppendString(body, tag);
  return Message('C', body);
}

std::string OneInteger(const std::string& value) {
  return Described() + BindComplete() + DataRow(value) + CommandComplete("SELECT 1");
}

std::string StatementError(const std::string& code, const std::string& text) {
  std::string body;
  for (const std::string& field : {std::string("SERROR"), std::string("VERROR"), "C" + code, "M" + text}) {
    AppendString(body, field);
  }
  return Message('E', body + '\0');
}

std::string ReadyForQuery() { return Message('Z', "I"); }

}  // namespace tidemill::postgres::testing
