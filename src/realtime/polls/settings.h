// Settings of shared polls: shared_poll.*. What each namespace has: channels::PollOptions.
#pragma once

#include <cstdint>

#include "config/section_fwd.h"
#include "config/value.h"

namespace tidemill::polls {

struct PollSettings {
  config::Secret hmac_secret_key;
  config::Secret hmac_previous_secret_key;
  std::int64_t hmac_previous_secret_key_valid_until = 0;  // seconds since the Unix epoch; 0: no end
  std::uint32_t keys_max = 1'000'000;
  std::uint32_t tracked_max = 10'000'000;
  std::uint64_t data_max_size = std::uint64_t{256} << 20;
  friend bool operator==(const PollSettings&, const PollSettings&) = default;
};

config::Section<PollSettings> PollSection();

}  // namespace tidemill::polls
