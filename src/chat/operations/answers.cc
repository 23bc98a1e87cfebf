#include "chat/operations/answers.h"

#include <fmt/format.h>

namespace tidemill::chat {

Outcome<std::size_t> LimitOf(const std::optional<std::int64_t>& limit, std::size_t otherwise,
                             std::size_t max) {
  if (!limit) return otherwise;
  if (*limit >= 1 && *limit <= static_cast<std::int64_t>(max)) return static_cast<std::size_t>(*limit);
  return Refuse(Code::kInvalid, fmt::format("limit must be 1 to {}", max), "limit");
}

Outcome<WallTime> LaterTime(WallTime now, std::int64_t at) {
  constexpr Duration kYear = Hours(366 * 24);
  if (at > now.ms && at <= now.ms + kYear.ms) return WallTime{at};
  return Refuse(Code::kInvalid, "at must be later than now and within a year, in ms since 1970", "at");
}

}  // namespace tidemill::chat
