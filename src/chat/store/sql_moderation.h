// MakeSqlModeration: ModerationStore on SQL.
#pragma once

#include <memory>

#include "chat/store/moderation_store.h"
#include "chat/store/room_work.h"
#include "chat/store/sql_context.h"
#include "chat/store/sql_members.h"

namespace tidemill::chat {

// All outlive it.
std::unique_ptr<ModerationStore> MakeSqlModeration(SqlContext& context, const RoomStatements& rooms,
                                                   SqlMembers& members);

}  // namespace tidemill::chat
