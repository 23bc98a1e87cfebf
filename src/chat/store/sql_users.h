// MakeSqlUsers: UserStore on SQL.
#pragma once

#include <memory>

#include "chat/store/sql_context.h"
#include "chat/store/user_store.h"

namespace tidemill::chat {

// The context outlives it.
std::unique_ptr<UserStore> MakeSqlUsers(SqlContext& context);

}  // namespace tidemill::chat
