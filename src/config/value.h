// Values on their way into the settings: as written in a file, the environment or a flag; checked against
// their key; printed back as TOML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/key.h"

namespace tidemill::config {

// Text from the environment or a flag: the key's type says how to read it; lists are separated by blanks.
struct Untyped {
  std::string text;
};

// What a file has for a key that takes any list or table; JSON.
struct JsonText {
  std::string text;
};

// What no key accepts: "a date or time".
struct NotAValue {
  std::string_view what;
};

using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>, JsonText,
                           Untyped, NotAValue>;

struct Given {
  std::string key;
  std::string where;  // "tidemill.toml:12: client.insecure", "TIDEMILL_CLIENT_INSECURE", "--client.insecure"
  Value value;
};

// What stands between blanks: a list in the environment or in a flag.
std::vector<std::string> Words(std::string_view text);

// Puts the value into its field of `settings`. The error's detail says what is wrong and what is accepted,
// without the value.
Result<void> Assign(const Key& key, const Value& value, void* settings);

// The value as a person would recognise it: quoted, cut at 64 bytes, "***" for a secret key.
std::string Describe(const Key& key, const Value& value);

// How secrets are printed.
enum class SecretsIn : std::uint8_t { kMasked, kPlain };

// A field as TOML.
std::string ToToml(const Field& field, SecretsIn secrets);

// "text" with everything escaped that TOML wants escaped.
std::string Quote(std::string_view text);

}  // namespace tidemill::config
