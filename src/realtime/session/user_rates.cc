#include "realtime/session/user_rates.h"

#include <algorithm>
#include <utility>

namespace tidemill::session {

UserRates::UserRates(RateLimits limits, std::size_t users_max)
    : limits_(std::move(limits)), part_max_(std::max<std::size_t>(users_max / kParts, 1)) {}

std::optional<std::string_view> UserRates::RefusedBy(std::string_view user, Operation operation,
                                                     MonotonicTime now) {
  if (limits_.empty() || user.empty()) return std::nullopt;
  Part& part = parts_[SipHash(key_, user) % kParts];
  const std::lock_guard guard(part.mutex);
  return limits_.RefusedBy(operation, now, TimesOf(part, user, now));
}

void UserRates::GiveBack(std::string_view user, Operation operation, MonotonicTime now) {
  Part& part = parts_[SipHash(key_, user) % kParts];
  const std::lock_guard guard(part.mutex);
  limits_.GiveBack(operation, TimesOf(part, user, now));
}

BucketTimes& UserRates::TimesOf(Part& part, std::string_view user, MonotonicTime now) {
  if (const auto found = part.by_name.find(user); found != part.by_name.end()) {
    part.users.splice(part.users.begin(), part.users, found->second);
    return found->second->times;
  }
  // More leave than come, so that those who are silent do not stay.
  for (int i = 0; i < 2 && !part.users.empty(); ++i) {
    if (part.users.size() < part_max_ && !RateLimits::AreFull(part.users.back().times, now)) break;
    ForgetLast(part);
  }
  User& added = part.users.emplace_front(User{.name = std::string(user), .times = {}});
  part.by_name.emplace(added.name, part.users.begin());
  return added.times;
}

void UserRates::ForgetLast(Part& part) {
  part.by_name.erase(part.users.back().name);
  part.users.pop_back();
}

std::size_t UserRates::users() const {
  std::size_t count = 0;
  for (const Part& part : parts_) {
    const std::lock_guard guard(part.mutex);
    count += part.users.size();
  }
  return count;
}

Result<ClientRates> ClientRates::Make(const RateLimitSettings& connection, const RateLimitSettings& user) {
  ClientRates rates;
  TM_TRY_ASSIGN(rates.of_connection, RateLimits::Make(connection));
  TM_TRY_ASSIGN(RateLimits of_users, RateLimits::Make(user));
  if (!of_users.empty()) rates.of_users = std::make_shared<UserRates>(std::move(of_users));
  return rates;
}

}  // namespace tidemill::session
