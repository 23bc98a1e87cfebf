#include "cli/config.h"

#include <fmt/format.h>

#include <memory>

#include "cli/settings.h"
#include "settings/settings.h"
#include "settings/template.h"
#include "settings/usable.h"

namespace tidemill::cli {
namespace {

// Without the program's name: the lines name files and flags, as a compiler's do.
int FailedSettings(Io io, const Error& error) {
  PrintError(io, fmt::format("{}\n", error.detail));
  return kFailed;
}

int Check(const SettingsOptions& options, Io io) {
  const Result<settings::Settings> settings = LoadSettings(options);
  if (!settings) return FailedSettings(io, settings.error());
  if (const Result<void> usable = settings::CheckUsable(*settings); !usable) {
    return FailedSettings(io, usable.error());
  }
  Print(io, "the configuration is good\n");
  return kDone;
}

struct ShowOptions {
  SettingsOptions settings;
  bool json = false;
};

int Show(const ShowOptions& options, Io io) {
  const Result<settings::Settings> settings = LoadSettings(options.settings);
  if (!settings) return FailedSettings(io, settings.error());
  constexpr config::SecretsIn kMasked = config::SecretsIn::kMasked;
  Print(io,
        options.json ? settings::ToJson(*settings, kMasked) + "\n" : settings::ToToml(*settings, kMasked));
  return kDone;
}

int PrintDefault(Io io) {
  Print(io, settings::DefaultToml());
  return kDone;
}

int PrintDoc(Io io) {
  Print(io, settings::Markdown());
  return kDone;
}

CommandSpec CheckCommand() {
  const auto options = std::make_shared<SettingsOptions>();
  return {.name = "check",
          .help = "Says everything that is wrong with the settings",
          .examples = "  tidemill config check --config tidemill.toml\n",
          .settings = options.get(),
          .run = [options](Io io) { return Check(*options, io); }};
}

CommandSpec ShowCommand() {
  const auto options = std::make_shared<ShowOptions>();
  return {.name = "show",
          .help = "Prints the settings in force, without secrets",
          .examples = "  tidemill config show --config tidemill.toml\n",
          .parameters = {{"--json", &options->json, "Prints them as one line of JSON"}},
          .settings = &options->settings,
          .run = [options](Io io) { return Show(*options, io); }};
}

CommandSpec DefaultCommand() {
  return {.name = "default",
          .help = "Prints all settings with their defaults and what they mean, as TOML",
          .examples = "  tidemill config default > tidemill.toml\n",
          .run = PrintDefault};
}

CommandSpec DocCommand() {
  return {.name = "doc",
          .help = "Prints the documentation of all settings, as Markdown",
          .examples = "  tidemill config doc | less\n",
          .run = PrintDoc};
}

}  // namespace

CommandSpec ConfigCommand() {
  return {.name = "config",
          .help = "Checks, shows and explains settings",
          .commands = {CheckCommand(), ShowCommand(), DefaultCommand(), DocCommand()}};
}

}  // namespace tidemill::cli
