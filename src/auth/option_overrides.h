// OptionOverrides: channel options that a token or the server API changes for one subscription.
//
// A value; its table of names serves all that read or write it, so that they cannot drift apart.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.h"

namespace tidemill::auth {

// nullopt: as the channel's namespace says.
struct OptionOverrides {
  std::optional<bool> presence;
  std::optional<bool> join_leave;
  std::optional<bool> force_recovery;
  std::optional<bool> force_positioning;
  std::optional<bool> force_push_join_leave;
  bool cache_recover = false;  // in cache mode: the latest publication from the start
  friend bool operator==(const OptionOverrides&, const OptionOverrides&) = default;
};

struct OverrideField {
  JsonName name;
  std::optional<bool> OptionOverrides::* value;
};

inline constexpr OverrideField kOverrideFields[] = {
    {"presence", &OptionOverrides::presence},
    {"join_leave", &OptionOverrides::join_leave},
    {"force_recovery", &OptionOverrides::force_recovery},
    {"force_positioning", &OptionOverrides::force_positioning},
    {"force_push_join_leave", &OptionOverrides::force_push_join_leave},
};

// Null if there is no such option.
std::optional<bool>* FindOverride(OptionOverrides& overrides, std::string_view name);

// {"presence":{"value":true}}, the form of tokens and of the server API. null is the same as absent; an
// object without a value means false; unknown names are skipped.
OptionOverrides ReadOptionOverrides(JsonReader& json);

}  // namespace tidemill::auth
