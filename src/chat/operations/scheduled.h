// Messages that are sent later, as operations; and how one is sent. Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"
#include "chat/store/message_store.h"
#include "chat/store/schedule_store.h"
#include "net/task.h"

namespace tidemill::chat {

std::vector<Operation> ScheduledOperations(Services& services);

// kAuthor: they are there, and have read the room.
enum class SentBy : std::uint8_t { kClock, kAuthor };

// Sends one whose time has come, with the rights that its author has now, and tells them. Once, whoever else
// does it too and whenever this ends. nullopt: it is gone, put off, or being sent by somebody else. What is
// refused for good stays in their list with the reason; what may go later waits.
Task<Outcome<std::optional<Message>>> SendScheduled(Services& services, ScheduledId id, SentBy by);

}  // namespace tidemill::chat
