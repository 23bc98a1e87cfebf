// The log settings as the log takes them.
#pragma once

#include "base/log.h"
#include "config/settings.h"

namespace tidemill::server {

log::Options LogOptions(const config::LogSettings& settings);

}  // namespace tidemill::server
