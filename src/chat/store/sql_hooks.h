// MakeSqlHooks: HookStore on SQL.
#pragma once

#include <memory>

#include "chat/store/hook_store.h"
#include "chat/store/room_work.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// Both outlive it.
std::unique_ptr<HookStore> MakeSqlHooks(SqlContext& context, const RoomStatements& rooms);

}  // namespace tidemill::chat
