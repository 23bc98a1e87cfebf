// MakeSqlRooms: RoomStore on SQL.
#pragma once

#include <memory>

#include "chat/store/room_store.h"
#include "chat/store/room_work.h"
#include "chat/store/sql_context.h"
#include "chat/store/sql_members.h"

namespace tidemill::chat {

// All outlive it.
std::unique_ptr<RoomStore> MakeSqlRooms(SqlContext& context, const RoomStatements& rooms,
                                        SqlMembers& members);

}  // namespace tidemill::chat
