#include "auth/option_overrides.h"

#include <algorithm>

namespace tidemill::auth {
namespace {

bool ReadValue(JsonReader& json) {
  bool value = false;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "value" && !json.SkipNull()) value = json.ReadBool();
  }
  return value;
}

}  // namespace

std::optional<bool>* FindOverride(OptionOverrides& overrides, std::string_view name) {
  const auto* const field = std::ranges::find_if(
      kOverrideFields, [name](const OverrideField& known) { return known.name.text == name; });
  return field == std::end(kOverrideFields) ? nullptr : &(overrides.*(field->value));
}

OptionOverrides ReadOptionOverrides(JsonReader& json) {
  OptionOverrides overrides;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    std::optional<bool>* const value = FindOverride(overrides, *key);
    if (value && !json.SkipNull()) *value = ReadValue(json);
  }
  return overrides;
}

}  // namespace tidemill::auth
