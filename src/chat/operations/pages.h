// Pages of messages as answers: with the people in them, and the position of the room's channel that was read
// before them, from which a client follows without a gap. Loop thread only.
#pragma once

#include <string>

#include "base/json.h"
#include "chat/api/operation.h"
#include "chat/operations/services.h"
#include "chat/store/message_store.h"
#include "net/task.h"

namespace tidemill::chat {

// {"channel","offset","epoch"}
struct StreamAt {
  std::string channel;
  std::uint64_t offset = 0;
  std::string epoch;
};
void Write(JsonWriter& json, const StreamAt& stream);

// kUnavailable: the broker does not answer.
Task<Outcome<StreamAt>> PositionOf(Services& services, std::string channel);

Task<Outcome<Answer>> AnswerPage(Services& services, MessagePage page, StreamAt stream);

}  // namespace tidemill::chat
