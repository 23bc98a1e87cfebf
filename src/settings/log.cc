#include "settings/log.h"

#include <array>
#include <string_view>

#include "config/section.h"

namespace tidemill::settings {
namespace {

constexpr std::array<std::string_view, 5> kLogLevels = {"debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 2> kLogFormats = {"text", "json"};

constexpr config::Row<LogSettings> kLog[] = {
    {"level",
     config::Of<&LogSettings::level>,
     {.doc = "The least important lines that are written.", .choices = kLogLevels}},
    {"format",
     config::Of<&LogSettings::format>,
     {.doc = "One line of text, or one JSON object, per event.", .choices = kLogFormats}},
};

}  // namespace

config::Section<LogSettings> LogSection() { return {.rows = kLog}; }

log::Options LogOptions(const LogSettings& settings) {
  log::Options options;
  if (settings.level == "debug") options.level = log::Level::kDebug;
  if (settings.level == "warn") options.level = log::Level::kWarn;
  if (settings.level == "error") options.level = log::Level::kError;
  if (settings.level == "off") options.level = log::Level::kOff;
  if (settings.format == "json") options.format = log::Format::kJson;
  return options;
}

}  // namespace tidemill::settings
