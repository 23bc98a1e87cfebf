// Refusal: why the store did not do what it was asked, by name. Values; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace tidemill::chat {

enum class Code : std::uint8_t {
  kNotFound,         // no such room, message, member …; also a room that was deleted
  kForbidden,        // the role does not reach, or the room's settings do not allow it
  kInvalid,          // a value that cannot be: `field` names it
  kConflict,         // another text under the same client_msg_id; a room's name that is taken
  kTooLong,          // over a limit of bytes
  kTooMany,          // over a limit of number: members, pins, hooks …
  kQuotaExceeded,    // the user keeps as many bytes as they may
  kStorageFull,      // all of them together do, or the disk is full
  kArchived,         // the room takes no writes
  kMuted,            // may not post; retry_after_ms where that ends
  kBanned,           // may not join
  kSlowMode,         // retry_after_ms says when
  kRateLimited,      // for the layers above, as the next
  kUnauthenticated,  //
  kUnavailable,      // the database is away or overloaded; `may_have_happened` says what is known
  kInternal,         // a bug of ours, or a damaged database
};

// "not_found", "forbidden", …: what clients see.
std::string_view Name(Code code);

struct Refusal {
  Code code = Code::kInternal;
  std::string message;  // one sentence that says what to do
  std::string field;    // of the request, where one is to blame
  std::int64_t retry_after_ms = 0;
  bool may_have_happened = false;  // the answer of the commit was lost

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

template <class T = void>
using Outcome = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> Refuse(Code code, std::string message, std::string field = {}) {
  return std::unexpected(Refusal{.code = code, .message = std::move(message), .field = std::move(field)});
}

// One that ends then, which the message says: "you are muted in this room until 2026-01-31 17:00:00 UTC".
// kForEver (member.h): it does not.
Refusal RefusalUntil(Code code, std::string message, WallTime until, WallTime now);

}  // namespace tidemill::chat
