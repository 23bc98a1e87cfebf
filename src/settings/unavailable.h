// Settings of Centrifugo that this version does not have: refused by name, so that nobody believes them to be
// in force.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemill::settings {

// What to tell of a key, as in a file ("engine.type") or as in the environment without its prefix
// ("ENGINE_TYPE"); nullopt: not a known setting of Centrifugo.
std::optional<std::string> WhyUnavailable(std::string_view key);

// The same for an option of a namespace: "map.mode", "DELTA_PUBLISH".
std::optional<std::string> WhyOptionUnavailable(std::string_view option);

// The same for a key of a proxy, "grpc_metadata".
std::optional<std::string> WhyProxyKeyUnavailable(std::string_view key);

}  // namespace tidemill::settings
