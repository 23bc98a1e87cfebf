// Settings on the command line: --config, --port, and each setting as `--key value`. For the commands that
// work on the settings of a server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "config/sources.h"

namespace tidemill::auth {
struct TokenSettings;
}
namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

struct SettingsOptions {
  std::string file;                                        // of --config
  std::string port;                                        // of --port
  std::vector<std::pair<std::string, std::string>> flags;  // key and value: {"client.insecure", "true"}
};

// What a key stands for, which says whether a value follows it.
enum class SettingKind : std::uint8_t { kUnknown, kSwitch, kValue };
SettingKind KindOfSetting(std::string_view key);

// What to say of a flag that is no setting: "unknown; did you mean --client.ping_interval?", "a setting of
// …".
std::string WhyNoSetting(std::string_view key);

// --config and --port, which every command with settings has beside its own parameters.
std::vector<Parameter> SettingsParameters(SettingsOptions& options);

// kInvalidArgument: the options contradict each other, or --port is not a port.
Result<void> Check(const SettingsOptions& options);

// With the environment of the process; TIDEMILL_CONFIG names the file when --config does not.
config::Sources MakeSources(const SettingsOptions& options);

// The settings they give. An error's detail may have several lines.
Result<settings::Settings> LoadSettings(const SettingsOptions& options);

// The keys that a server with these settings checks subscription tokens with, or connection tokens.
enum class TokenKind : std::uint8_t { kConnect, kSubscribe };
const auth::TokenSettings& KeysOf(const settings::Settings& settings, TokenKind kind);
// Whether there is anything to check a token with.
bool HasKey(const auth::TokenSettings& keys);

}  // namespace tidemill::cli
