#include "chat/store/refusal.h"

namespace tidemill::chat {

std::string_view Name(Code code) {
  switch (code) {
    case Code::kNotFound: return "not_found";
    case Code::kForbidden: return "forbidden";
    case Code::kInvalid: return "invalid";
    case Code::kConflict: return "conflict";
    case Code::kTooLong: return "too_long";
    case Code::kTooMany: return "too_many";
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

}  // namespace tidemill::chat
