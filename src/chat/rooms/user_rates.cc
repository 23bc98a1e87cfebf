#include "chat/rooms/user_rates.h"

#include <algorithm>

namespace tidemill::chat {
namespace {

constexpr std::int64_t kSweepPauseUs = 1'000'000;

}  // namespace

UserRates::UserRates(const ChatSettings& settings)
    : rates_{RateOf(settings.calls_per_second, settings.calls_burst),
             RateOf(settings.sends_per_second, settings.sends_burst)} {}

UserRates::Rate UserRates::RateOf(std::uint32_t per_second, std::uint32_t burst) {
  const std::int64_t interval_us = std::max<std::int64_t>(1, 1'000'000 / std::max(1u, per_second));
  return {.interval_us = interval_us, .burst_us = interval_us * (std::max(1u, burst) - 1)};
}

std::optional<Duration> UserRates::Take(std::string_view user, Kind kind, MonotonicTime now) {
  const std::int64_t now_us = now.ms * 1000;
  const auto index = static_cast<std::size_t>(kind);
  const Rate& rate = rates_[index];
  Part& part = parts_[SipHash(key_, user) % kParts];
  const std::lock_guard lock(part.mutex);
  auto found = part.users.find(std::string(user));
  if (found == part.users.end()) {
    if (part.users.size() >= kUsersMax) MakeRoom(part, now_us);
    found = part.users.emplace(user, Earned{}).first;
  }
  std::int64_t& earned_us = found->second[index];
  const std::int64_t from_us = std::max(earned_us, now_us);
  const std::int64_t early_us = from_us - rate.burst_us - now_us;
  if (early_us > 0) return Milliseconds((early_us + 999) / 1000);
  earned_us = from_us + rate.interval_us;
  return std::nullopt;
}

std::size_t UserRates::users() const {
  std::size_t users = 0;
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    users += part.users.size();
  }
  return users;
}

void UserRates::MakeRoom(Part& part, std::int64_t now_us) {
  if (now_us - part.swept_us >= kSweepPauseUs) {
    part.swept_us = now_us;
    std::erase_if(part.users, [now_us](const auto& each) { return std::ranges::max(each.second) <= now_us; });
  }
  if (part.users.size() >= kUsersMax) part.users.erase(part.users.begin());
}

}  // namespace tidemill::chat
