// CommandRate: how many commands a client has sent within one second of its loop.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace tidemill::session {

class CommandRate {
 public:
  // Whether so many more are within `per_second`; 0: any number is.
  bool Admit(MonotonicTime now, std::uint32_t per_second, std::uint32_t commands = 1) {
    if (per_second == 0) return true;
    const auto second = static_cast<std::uint32_t>(now.ms / 1000);
    if (second != second_) {
      second_ = second;
      commands_ = 0;
    }
    commands_ += std::min(commands, UINT32_MAX - commands_);
    return commands_ <= per_second;
  }

 private:
  std::uint32_t second_ = 0;
  std::uint32_t commands_ = 0;
};

}  // namespace tidemill::session
