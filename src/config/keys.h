// The one table of configuration keys: each binds a name to a member of the settings, with its range and its
// documentation. Files, environment, flags, documentation and dumps are all driven by it.
//
// The type of a key is the type of its member, its default the member's in a default Settings.
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.h"

namespace tidemill::config {

// Settings while they are being filled: what is optional as a whole there is an object and a switch here.
struct Draft {
  Settings settings;
  bool subscription_token_enabled = false;
  TokenSettings subscription_token;

  static Draft From(const Settings& settings);
  Settings Finish() &&;
};

// Where a key's value lives.
using Field = std::variant<bool*, std::uint32_t*, std::uint64_t*, std::int64_t*, Duration*, std::string*,
                           Secret*, std::vector<std::string>*, std::vector<Secret>*, std::vector<Address>*>;

enum class Reload : std::uint8_t { kNo, kYes };
enum class Shown : std::uint8_t { kYes, kNo };
enum class Form : std::uint8_t { kPlain, kPem };  // kPem: the text of a PEM, or the path of a file with it

// What a person should know of a key, and what it accepts.
struct Facts {
  std::string_view doc;
  std::int64_t min = 0;                         // of integers, and of durations in milliseconds
  std::int64_t max = 0;                         // 0: whatever the type holds
  std::span<const std::string_view> choices{};  // of strings; empty: any
  Reload reload = Reload::kYes;                 // kNo: what is built at the start and stays
  Shown shown = Shown::kYes;
  Form form = Form::kPlain;
};

struct Key {
  std::string name;  // "client.ping_interval"
  Facts facts;
  std::function<Field(Draft&)> field;
};

// All keys but those of namespaces, in the order of the documentation.
const std::vector<Key>& Keys();

// The keys of one namespace: "channel.namespaces.chat.history_size". The namespace comes into being when a
// field is asked for.
std::vector<Key> NamespaceKeys(const std::string& name_space);

// Lists the names of namespaces in the environment and in flags, and their tables in a file.
inline constexpr std::string_view kNamespacesKey = "channel.namespaces";

// "duration", "integer", "boolean", "string", "list of strings", "secret", "list of secrets",
// "list of addresses".
std::string_view TypeName(const Field& field);

// The least and the greatest value of an integer, or of a duration in milliseconds.
struct Bounds {
  std::int64_t min = 0;
  std::int64_t max = 0;
};
Bounds BoundsOf(const Key& key, const Field& field);

// "1s … 1h", "0 … 100", "\"text\", \"json\""; "" when any.
std::string RangeText(const Key& key);

}  // namespace tidemill::config
