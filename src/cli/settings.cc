#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "base/nearest.h"
#include "config/environment.h"
#include "config/schema.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

constexpr std::string_view kListen = "http_server.listen";
bool IsPort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::vector<Parameter> SettingsParameters(SettingsOptions& options) {
  return {{.name = "--config",
           .value = &options.file,
           .help = "TOML file with settings (also TIDEMILL_CONFIG)",
           .is_file = true},
          {"--port", &options.port, "Short for --http_server.listen 127.0.0.1:PORT"}};
}

Result<void> Check(const SettingsOptions& options) {
  if (options.port.empty()) return {};
  if (!IsPort(options.port)) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("--port: \"{}\" is not a port; write a number from 0 to 65535", options.port));
  }
  for (const auto& [key, value] : options.flags) {
    if (key == kListen) {
      return Fail(Errc::kInvalidArgument, fmt::format("--port is short for --{}; give one of them", key));
    }
  }
  return {};
}

SettingKind KindOfSetting(std::string_view key) {
  const config::Key* const found = settings::AllSections().Find(key);
  if (found == nullptr || found->facts.shown == config::Shown::kNo) return SettingKind::kUnknown;
  return config::TypeName(*found) == "boolean" ? SettingKind::kSwitch : SettingKind::kValue;
}

std::string WhyNoSetting(std::string_view key) {
  const auto& schema = settings::AllSections();
  if (const auto why = schema.WhyIsRefused(key)) return *why;
  std::vector<std::string> names;
  for (const config::Key& each : schema.keys()) {
    if (each.facts.shown == config::Shown::kYes) names.push_back(each.name);
  }
  const std::optional<std::string> nearest = Nearest(key, names);
  return nearest ? fmt::format("unknown; did you mean --{}?", *nearest)
                 : std::string("unknown; `tidemill config doc` lists all settings");
}

config::Sources MakeSources(const SettingsOptions& options) {
  config::Sources sources{.file = options.file, .environment = config::Environment(), .flags = options.flags};
  if (const auto file = sources.environment.find(std::string(config::kConfigFileVariable));
      sources.file.empty() && file != sources.environment.end()) {
    sources.file = file->second;
  }
  if (!options.port.empty()) sources.flags.emplace_back(kListen, fmt::format("127.0.0.1:{}", options.port));
  return sources;
}

Result<settings::Settings> LoadSettings(const SettingsOptions& options) {
  return settings::Load(MakeSources(options));
}

const auth::TokenSettings& KeysOf(const settings::Settings& settings, TokenKind kind) {
  const session::ClientSettings& client = settings.client;
  return kind == TokenKind::kSubscribe && client.subscription_token_enabled ? client.subscription_token
                                                                            : client.token;
}

bool HasKey(const auth::TokenSettings& keys) {
  return !keys.hmac_secret_key.empty() || !keys.rsa_public_key.empty() || !keys.ecdsa_public_key.empty() ||
         !keys.ed25519_public_key.empty() || !keys.jwks_public_endpoint.empty();
}

}  // namespace tidemill::cli
