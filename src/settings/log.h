// Settings of the log: log.
#pragma once

#include <string>

#include "base/log.h"
#include "config/section_fwd.h"

namespace tidemill::settings {

struct LogSettings {
  std::string level = "info";   // debug info warn error off
  std::string format = "text";  // text json
  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

config::Section<LogSettings> LogSection();

// What base/log.h is configured with.
log::Options LogOptions(const LogSettings& settings);

}  // namespace tidemill::settings
