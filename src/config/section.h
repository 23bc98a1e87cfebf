// Section: one module's settings as rows of a table. Each row binds a name to a member of the module's
// struct, with its range and its documentation.
//
// A module declares its struct and its section in its own settings.h and writes the rows in its settings.cc.
// The folder settings/ puts all sections together into one Schema. A key's type is the type of its member,
// its default the member's in a default struct. Immutable; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "config/finding.h"
#include "config/json_value.h"
#include "config/secret.h"
#include "config/section_fwd.h"

namespace tidemill::config {

// Where a key's value lives.
using Field = std::variant<bool*, std::uint32_t*, std::uint64_t*, std::int64_t*, Duration*, std::string*,
                           Secret*, std::vector<std::string>*, std::vector<Secret>*,
                           std::vector<StoreAddress>*, JsonArray*, JsonObject*, SecretObject*>;

enum class Reload : std::uint8_t { kNo, kYes };
enum class Shown : std::uint8_t { kYes, kNo };
// kPem: a PEM itself, or the path of a file with it. kBytes: a secret of any bytes, "base64:…" too.
enum class TextFrom : std::uint8_t { kValue, kPem, kBytes };

// For ranges: durations are counted in milliseconds.
inline constexpr std::int64_t kSecond = 1000;
inline constexpr std::int64_t kHour = 3600 * kSecond;
inline constexpr std::int64_t kYear = 8760 * kHour;
inline constexpr std::int64_t kGiB = std::int64_t{1} << 30;

// What a person should know of a key, and what it accepts.
struct Facts {
  std::string_view doc;
  std::int64_t min = 0;                         // of integers, and of durations in milliseconds
  std::int64_t max = 0;                         // 0: whatever the type holds
  std::span<const std::string_view> choices{};  // of strings; empty: any
  Reload reload = Reload::kYes;                 // kNo: what is built at the start and stays
  Shown shown = Shown::kYes;
  TextFrom text = TextFrom::kValue;
};

// Gives the field of a T whose type is erased.
template <class T>
struct Accessor {
  Field (*field)(void* owner);
  Field type;  // the alternative that `field` gives, with a null pointer
};

// The member of a struct as a field: Of<&LogSettings::level>.
template <auto kMember>
constexpr auto Of = []<class T, class Value>(Value T::*) {
  return Accessor<T>{.field = [](void* owner) -> Field { return &(static_cast<T*>(owner)->*kMember); },
                     .type = static_cast<Value*>(nullptr)};
}(kMember);

template <class T>
struct Row {
  std::string_view name;  // below the section's prefix: "ping_interval", "tls.cert_pem"
  Accessor<T> member;
  Facts facts;
};

template <class T>
struct Section {
  std::span<const Row<T>> rows;
  // Adds what no single key can tell. `prefix` stands before the section's keys: "client.".
  void (*check)(const T& settings, const std::string& prefix, Findings& findings) = nullptr;
  // kNo: another section has the same keys and its documentation is enough.
  Shown documented = Shown::kYes;
};

// How the tables of a list stand in a file.
enum class Written : std::uint8_t {
  kAsList,  // [[channel.namespaces]] with a name in each
  kByName,  // [throttles.mail], or mail = {…} in [throttles]
};

// A list of tables that each have a name, as [[channel.namespaces]] in a file. In the environment
// TIDEMILL_CHANNEL_NAMESPACES lists the names; a flag for a key of a table brings the table into being.
template <class T>
struct NamedTables {
  std::string_view key;           // "channel.namespaces"
  std::string_view noun;          // of one table, in sentences: "namespace"
  std::string_view example_name;  // "chat"
  // Fills in what a table must have, for the example of the documentation; null: defaults will do.
  void (*fill_example)(T& table) = nullptr;
  Section<T> section;  // of one table
  std::size_t tables_max = 1000;
  std::size_t name_bytes_min = 1;
  Reload reload = Reload::kYes;  // whether tables may come and go while running
  Written written = Written::kAsList;
  // The option that names a table without a name of its own: "mail", the next such one "mail-2"; empty: each
  // has a name.
  std::string_view name_from{};
  // kNo: another section has the same keys and its documentation is enough.
  Shown documented = Shown::kYes;
  // Says why an option that is not there is refused by name; null: none is.
  std::optional<std::string> (*why_refused)(std::string_view option) = nullptr;
};

}  // namespace tidemill::config
