// Ids of rooms, messages and whatever else chat keeps: 63 bits that grow with time, written as 19 digits, so
// that texts sort as numbers do. A user's id comes from outside and is a text.
//
// Values; any thread. An IdMaker belongs to one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/strong.h"

namespace tidemill::chat {

using RoomId = Strong<std::int64_t, struct RoomIdTag>;
using MessageId = Strong<std::int64_t, struct MessageIdTag>;  // 0: none
using AttachmentId = Strong<std::int64_t, struct AttachmentIdTag>;
using HookId = Strong<std::int64_t, struct HookIdTag>;
using ScheduledId = Strong<std::int64_t, struct ScheduledIdTag>;
using ReminderId = Strong<std::int64_t, struct ReminderIdTag>;
using FlagId = Strong<std::int64_t, struct FlagIdTag>;
using AuditId = Strong<std::int64_t, struct AuditIdTag>;

// A position in a room's messages, from 1, without gaps; and a number of a room's changes, likewise.
using Seq = std::int64_t;
using Version = std::int64_t;

// 1 to 19 digits that are no more than 63 bits and not 0; nullopt for all else.
std::optional<std::int64_t> ParseIdNumber(std::string_view text);

template <class Id>
std::optional<Id> ParseId(std::string_view text) {
  if (const auto number = ParseIdNumber(text)) return Id(*number);
  return std::nullopt;
}

template <class Tag>
std::string ToText(const Strong<std::int64_t, Tag>& id) {
  return std::to_string(id.value());
}

// Ms since 1970 in the upper 42 bits, below them a number that begins anywhere in each ms. Ids of one maker
// grow strictly, whatever the clock does; those of two are different with all but one chance in a million.
class IdMaker {
 public:
  explicit IdMaker(const Clock& clock) : clock_(clock) {}

  template <class Id>
  Id Make() {
    return Id(Next());
  }

 private:
  std::int64_t Next();

  const Clock& clock_;
  std::int64_t last_ = 0;
};

// When it was made, to the ms.
WallTime MadeAt(std::int64_t id);
// The least id of that ms or later.
std::int64_t LeastIdAt(WallTime at);

}  // namespace tidemill::chat
