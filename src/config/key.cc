#include "config/key.h"

#include <fmt/format.h>

#include <limits>

#include "config/duration.h"

namespace tidemill::config {
namespace {

// In the order of Field's alternatives.
constexpr std::string_view kTypeNames[] = {
    "boolean", "integer", "integer",         "integer",         "duration",
    "string",  "secret",  "list of strings", "list of secrets", "list of addresses",
    "list",    "table",   "table of secrets"};
static_assert(std::size(kTypeNames) == std::variant_size_v<Field>);

// The largest value of a key's type, where it has a number.
std::int64_t TypeMax(const Field& type) {
  return std::holds_alternative<std::uint32_t*>(type) ? std::numeric_limits<std::uint32_t>::max()
                                                      : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

std::string_view TypeName(const Key& key) { return kTypeNames[key.type.index()]; }

bool IsSecret(const Key& key) {
  return std::holds_alternative<Secret*>(key.type) ||
         std::holds_alternative<std::vector<Secret>*>(key.type) ||
         std::holds_alternative<std::vector<StoreAddress>*>(key.type) ||
         std::holds_alternative<SecretObject*>(key.type);
}

Bounds BoundsOf(const Key& key) {
  return {.min = key.facts.min, .max = key.facts.max == 0 ? TypeMax(key.type) : key.facts.max};
}

std::string RangeText(const Key& key) {
  const Bounds bounds = BoundsOf(key);
  if (std::holds_alternative<Duration*>(key.type)) {
    return fmt::format("{} … {}", ToString(Duration{bounds.min}), ToString(Duration{bounds.max}));
  }
  if (TypeName(key) == "integer") return fmt::format("{} … {}", bounds.min, bounds.max);
  std::string out;
  for (const std::string_view choice : key.facts.choices) {
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", choice);
  }
  return out;
}

}  // namespace tidemill::config
