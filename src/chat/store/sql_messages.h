// MakeSqlMessages: MessageStore on SQL.
#pragma once

#include <memory>

#include "chat/store/message_store.h"
#include "chat/store/room_work.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// Both outlive it.
std::unique_ptr<MessageStore> MakeSqlMessages(SqlContext& context, const RoomStatements& rooms);

}  // namespace tidemill::chat
