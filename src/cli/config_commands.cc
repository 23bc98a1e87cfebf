#include <fmt/format.h>

#include "cli/commands.h"
#include "config/load.h"

namespace tidemill::cli {

int RunConfigCheck(const SettingsOptions& options, Io io) {
  const Result<config::Settings> settings = LoadSettings(options);
  if (!settings) {
    fmt::print(io.err, "{}\n", settings.error().detail);
    return kFailed;
  }
  fmt::print(io.out, "the configuration is good\n");
  return kDone;
}

int RunConfigShow(const SettingsOptions& options, Io io) {
  const Result<config::Settings> settings = LoadSettings(options);
  if (!settings) {
    fmt::print(io.err, "{}\n", settings.error().detail);
    return kFailed;
  }
  fmt::print(io.out, "{}", config::ToToml(*settings, config::SecretsIn::kMasked));
  return kDone;
}

int RunConfigDefault(Io io) {
  fmt::print(io.out, "{}", config::ToToml(config::Settings{}, config::SecretsIn::kPlain));
  return kDone;
}

int RunConfigDoc(Io io) {
  fmt::print(io.out, "{}", config::Markdown());
  return kDone;
}

}  // namespace tidemill::cli
