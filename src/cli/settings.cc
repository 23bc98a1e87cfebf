#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/commands.h"
#include "config/nearest.h"

namespace tidemill::cli {
namespace {

// What commands take besides settings: for "did you mean".
const std::array<std::string, 10> kOwnFlags = {"--config", "--dev",      "--help",     "--url",  "--api-key",
                                               "--token",  "--hmac-key", "--channels", "--json", "--user"};

}  // namespace

Result<config::Sources> MakeSources(const SettingsOptions& options) {
  config::Sources sources{.file = options.file, .environment = config::Environment()};
  if (const auto file = sources.environment.find(std::string(config::kConfigFileVariable));
      sources.file.empty() && file != sources.environment.end()) {
    sources.file = file->second;
  }
  for (std::size_t i = 0; i < options.flags.size(); ++i) {
    const std::string_view flag = options.flags[i];
    if (!flag.starts_with("--") || flag.size() < 3) {
      return Fail(Errc::kInvalidArgument,
                  fmt::format("unexpected \"{}\"; settings are given as --key value", flag));
    }
    const std::size_t equals = flag.find('=');
    const std::string key(flag.substr(2, equals == flag.npos ? flag.npos : equals - 2));
    const auto own = key.contains('.') ? std::nullopt : config::Nearest("--" + key, kOwnFlags);
    if (own && key != "loops") {
      return Fail(Errc::kInvalidArgument, fmt::format("--{}: unknown; did you mean {}?", key, *own));
    }
    std::string value = "true";
    if (equals != flag.npos) {
      value = flag.substr(equals + 1);
    } else if (i + 1 < options.flags.size() && !options.flags[i + 1].starts_with("--")) {
      value = options.flags[++i];
    }
    sources.flags.emplace_back(key, std::move(value));
  }
  return sources;
}

Result<config::Settings> LoadSettings(const SettingsOptions& options) {
  TM_TRY_ASSIGN(const config::Sources sources, MakeSources(options));
  return config::Load(sources);
}

int Failed(Io io, std::string_view message) {
  fmt::print(io.err, "tidemill: {}\n", message);
  return kFailed;
}

int Misused(Io io, std::string_view message) {
  fmt::print(io.err, "tidemill: {}\n", message);
  return kMisused;
}

}  // namespace tidemill::cli
