// Settings of the status of users: user_status.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::status {

struct StatusSettings {
  bool enabled = false;
  std::string storage = "auto";  // "memory", "redis"; "auto": where the broker is
  Duration expire_interval = Hours(720);
  std::uint32_t users_max = 1'000'000;
  friend bool operator==(const StatusSettings&, const StatusSettings&) = default;
};

config::Section<StatusSettings> StatusSection();

}  // namespace tidemill::status
