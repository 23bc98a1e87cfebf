#include "chat/store/refusal.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "chat/store/member.h"

namespace tidemill::chat {

std::string_view Name(Code code) {
  switch (code) {
    case Code::kNotFound: return "not_found";
    case Code::kForbidden: return "forbidden";
    case Code::kInvalid: return "invalid";
    case Code::kConflict: return "conflict";
    case Code::kTooLong: return "too_long";
    case Code::kTooMany: return "too_many";
    case Code::kQuotaExceeded: return "quota_exceeded";
    case Code::kStorageFull: return "storage_full";
    case Code::kArchived: return "archived";
    case Code::kMuted: return "muted";
    case Code::kBanned: return "banned";
    case Code::kSlowMode: return "slow_mode";
    case Code::kRateLimited: return "rate_limited";
    case Code::kUnauthenticated: return "unauthenticated";
    case Code::kUnavailable: return "unavailable";
    case Code::kInternal: return "internal";
  }
  return "internal";
}

Refusal RefusalUntil(Code code, std::string message, WallTime until, WallTime now) {
  if (until >= kForEver) return {.code = code, .message = std::move(message), .field = {}};
  const std::time_t seconds = (until.ms + 999) / 1000;
  std::tm parts{};
  std::array<char, 32> text{};
  gmtime_r(&seconds, &parts);
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  message.append(" until ").append(text.data(), size);
  return {.code = code,
          .message = std::move(message),
          .field = {},
          .retry_after_ms = std::max<std::int64_t>(1, (until - now).ms)};
}

}  // namespace tidemill::chat
