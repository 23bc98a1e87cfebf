// The first two lines of a connection: the server's HI and the client's HELLO. Without I/O; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tidemill::faktory {

inline constexpr Duration kHelloTimeout = Seconds(2);
inline constexpr std::size_t kHelloBytesMax = 16 << 10;
inline constexpr std::size_t kWidBytesMax = 128;
inline constexpr std::size_t kHostnameBytesMax = 256;
inline constexpr std::size_t kLabelsMax = 64;
inline constexpr std::size_t kLabelBytesMax = 128;

// What a client that knows the password can answer; new for each connection.
struct Challenge {
  std::uint32_t iterations = 4000;  // 4000 to 8095
  std::string salt;                 // hexadecimal
};
Challenge MakeChallenge();

// +HI {"v":2} or +HI {"v":2,"i":iterations,"s":"salt"}. Without blanks in the JSON: npm faktory-worker splits
// the line at them.
void AppendGreeting(const Challenge* challenge, std::string& out);

struct Hello {
  std::int64_t version = 0;  // 0 where it is left out
  std::string wid;           // not empty: a consumer, which sends heartbeats
  std::string hostname;
  std::int64_t pid = 0;
  std::vector<std::string> labels;
  std::string password_hash;

  bool is_consumer() const { return !wid.empty(); }
  friend bool operator==(const Hello&, const Hello&) = default;
};
// kInvalidArgument: the line is no HELLO; Faktory closes without an answer. kLimitExceeded names the limit.
Result<Hello> ParseHello(std::string_view line);

// The hex digits of SHA-256 applied `iterations` times, to password and salt first. About a millisecond.
std::string PasswordHash(std::string_view password, std::string_view salt, std::uint32_t iterations);
// In constant time. Clients of version 1 and those that say none hash once (PyPI faktory).
bool IsPassword(const Hello& hello, std::string_view password, const Challenge& challenge);

}  // namespace tidemill::faktory
