// Settings of blocked users and revoked tokens: access.
#pragma once

#include <cstdint>
#include <string>

#include "config/section_fwd.h"

namespace tidemill::access {

struct AccessSettings {
  std::string storage = "auto";  // "memory", "redis"; "auto": where the broker is
  std::uint32_t entries_max = 100'000;
  friend bool operator==(const AccessSettings&, const AccessSettings&) = default;
};

config::Section<AccessSettings> AccessSection();

}  // namespace tidemill::access
