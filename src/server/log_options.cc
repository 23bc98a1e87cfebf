#include "server/log_options.h"

namespace tidemill::server {

log::Options LogOptions(const config::LogSettings& settings) {
  log::Options options;
  if (settings.level == "debug") options.level = log::Level::kDebug;
  if (settings.level == "warn") options.level = log::Level::kWarn;
  if (settings.level == "error") options.level = log::Level::kError;
  if (settings.level == "off") options.level = log::Level::kOff;
  if (settings.format == "json") options.format = log::Format::kJson;
  return options;
}

}  // namespace tidemill::server
