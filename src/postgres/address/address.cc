#include "postgres/address/address.h"

#include <utility>

#include "base/percent.h"
#include "postgres/address/address_builder.h"
#include "postgres/address/keywords.h"
#include "postgres/address/parameters.h"

namespace tidemill::postgres {
namespace {

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (IsPlain(c)) {
      out += c;
    } else {
      AppendPercentEncoded(c, out);
    }
  }
  return out;
}

}  // namespace

Result<Address> Address::Parse(std::string_view text, const std::string& password,
                               const Environment& environment) {
  TM_TRY_ASSIGN(const Parameters given, ParseConnectionString(text));
  return BuildAddress(given, password, environment);
}

std::string Address::PasswordFor(const Server& server) const {
  if (!password.empty()) return password;
  return password_file.Find(server, database, user).value_or("");
}

std::string Address::ToString() const {
  std::string text = "postgres://" + Escaped(user) + "@";
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const Server& server = servers[i];
    if (i > 0) text += ',';
    text += server.is_unix() ? Escaped(server.host) + ":" + std::to_string(server.port) : server.ToString();
  }
  return text + "/" + Escaped(database);
}

}  // namespace tidemill::postgres
