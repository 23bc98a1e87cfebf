// UserRates: what users have sent of late, over all connections of this node. Of all nodes: shared_rates.h.
//
// Any thread: users are shared out among locks, which nobody holds for longer than a look-up. A user whose
// buckets are all full is forgotten; where too many are not, the one that has been quiet for longest is.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "base/sip_hash.h"
#include "realtime/session/rate_limits.h"

namespace tidemill::session {

class UserRates {
 public:
  static constexpr std::size_t kUsersMax = 1 << 17;

  explicit UserRates(RateLimits limits, std::size_t users_max = kUsersMax);

  // As RateLimits::RefusedBy. A user without a name is not counted.
  std::optional<std::string_view> RefusedBy(std::string_view user, Operation operation, MonotonicTime now);
  // What a command of the user has just taken, which all nodes together have refused then.
  void GiveBack(std::string_view user, Operation operation, MonotonicTime now);
  const RateLimits& limits() const { return limits_; }
  std::size_t users() const;

 private:
  static constexpr std::size_t kParts = 16;

  struct User {
    std::string name;
    BucketTimes times;
  };
  struct Part {
    mutable std::mutex mutex;
    std::list<User> users;  // who was heard of last comes first
    std::unordered_map<std::string_view, std::list<User>::iterator> by_name;
  };

  BucketTimes& TimesOf(Part& part, std::string_view user, MonotonicTime now);
  static void ForgetLast(Part& part);

  const RateLimits limits_;
  const std::size_t part_max_;
  const SipKey key_ = SipKey::Random();
  std::array<Part, kParts> parts_;
};

// client.rate_limit, at work.
struct ClientRates {
  RateLimits of_connection;             // of each
  std::shared_ptr<UserRates> of_users;  // null: there are none

  // kInvalidArgument: a text is none of a limit.
  static Result<ClientRates> Make(const RateLimitSettings& connection, const RateLimitSettings& user);
};

}  // namespace tidemill::session
