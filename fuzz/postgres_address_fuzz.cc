// links: postgres
// A connection string from anywhere: no crash, no password in what is said of it, and what is shown of an
// address reads back as the same address.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "postgres/address/address.h"

namespace {

using tidemill::postgres::Address;
using tidemill::postgres::Environment;
using tidemill::postgres::PasswordFile;
using tidemill::postgres::Server;

// Nothing that a message of ours contains.
constexpr std::string_view kSecret = "Zq7#Zq7#";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Environment environment{.os_user = "os"};
  const auto address = Address::Parse(text, "", environment);
  if (address) {
    TM_ASSERT(!address->servers.empty() && !address->user.empty() && !address->database.empty());
    const auto again = Address::Parse(address->ToString(), "", environment);
    TM_ASSERT(again.has_value());
    TM_ASSERT(again->user == address->user && again->database == address->database);
    TM_ASSERT(again->servers.size() == address->servers.size());
    for (std::size_t i = 0; i < again->servers.size(); ++i) {
      TM_ASSERT(again->servers[i].ToString() == address->servers[i].ToString());
    }
  }
  std::string with_secret(text);
  if (const std::size_t colon = with_secret.find(':', 11); colon != with_secret.npos) {
    with_secret.insert(colon + 1, kSecret);
    const auto secret = Address::Parse(with_secret, "", environment);
    const std::string said = secret ? secret->ToString() : secret.error().detail;
    TM_ASSERT(secret || !said.contains(kSecret));
  }
  (void)PasswordFile::Parse(text).Find(Server{.host = "h"}, "d", "u");
  return 0;
}
