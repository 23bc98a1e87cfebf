// UserRates: how much each user does on this node. A token bucket for each kind of thing (GCRA).
//
// Any thread: users are shared out among locks, which nobody holds for longer than a look-up. Of each part
// kUsersMax are known: a user whose buckets are full is forgotten, else any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/sip_hash.h"
#include "chat/rooms/settings.h"

namespace tidemill::chat {

class UserRates {
 public:
  static constexpr std::size_t kUsersMax = 10'000;

  explicit UserRates(const ChatSettings& settings);

  enum class Kind : std::uint8_t { kCall, kSend };
  // Takes one; or says after how long there is one more.
  std::optional<Duration> Take(std::string_view user, Kind kind, MonotonicTime now);
  std::size_t users() const;

 private:
  static constexpr std::size_t kParts = 16;

  struct Rate {
    std::int64_t interval_us = 0;  // of one
    std::int64_t burst_us = 0;     // how far ahead a user may be
  };
  // When everything that was taken has been earned again, in microseconds.
  using Earned = std::array<std::int64_t, 2>;
  struct Part {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Earned> users;
    std::int64_t swept_us = 0;
  };

  static Rate RateOf(std::uint32_t per_second, std::uint32_t burst);
  static void MakeRoom(Part& part, std::int64_t now_us);

  const std::array<Rate, 2> rates_;
  const SipKey key_ = SipKey::Random();
  std::array<Part, kParts> parts_;
};

}  // namespace tidemill::chat
