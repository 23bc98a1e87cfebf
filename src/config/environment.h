// Settings in the environment: TIDEMILL_CLIENT_PING_INTERVAL is client.ping_interval.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tidemill::config {

inline constexpr std::string_view kEnvironmentPrefix = "TIDEMILL_";

// Names the file for commands that are not told one; of the environment's TIDEMILL_… it alone is no setting.
inline constexpr std::string_view kConfigFileVariable = "TIDEMILL_CONFIG";

// The process's environment, TIDEMILL_ ones only.
std::map<std::string, std::string> Environment();

// The variable of a key.
std::string EnvironmentName(std::string_view key);

// Whether Kubernetes has put it there, which describes each service to each container: a service called
// "tidemill" or "tidemill-…" must not keep the server from starting.
bool IsFromKubernetes(std::string_view name, std::string_view value);

}  // namespace tidemill::config
