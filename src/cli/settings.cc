#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidemill::cli {
namespace {

constexpr std::string_view kNamespaces = "channel.namespaces.";

// The documented name of a key: that of a namespace has the options of channels without one.
std::string Documented(std::string_view key) {
  if (!key.starts_with(kNamespaces)) return std::string(key);
  return fmt::format("channel.without_namespace.{}", key.substr(key.rfind('.') + 1));
}

}  // namespace

SettingKind KindOfSetting(std::string_view key) {
  const std::vector<config::KeyDoc> keys = config::AllKeys();
  const auto found = std::ranges::find(keys, Documented(key), &config::KeyDoc::name);
  if (found == keys.end()) return SettingKind::kUnknown;
  return found->type == "boolean" ? SettingKind::kSwitch : SettingKind::kValue;
}

config::Sources MakeSources(const SettingsOptions& options) {
  config::Sources sources{.file = options.file, .environment = config::Environment(), .flags = options.flags};
  if (const auto file = sources.environment.find(std::string(config::kConfigFileVariable));
      sources.file.empty() && file != sources.environment.end()) {
    sources.file = file->second;
  }
  return sources;
}

Result<config::Settings> LoadSettings(const SettingsOptions& options) {
  return config::Load(MakeSources(options));
}

const config::TokenSettings& KeysOf(const config::Settings& settings, TokenKind kind) {
  const config::ClientSettings& client = settings.client;
  return kind == TokenKind::kSubscribe && client.subscription_token ? *client.subscription_token
                                                                    : client.token;
}

}  // namespace tidemill::cli
