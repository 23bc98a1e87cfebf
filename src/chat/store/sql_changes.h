// MakeSqlChanges: ChangeStore on SQL.
#pragma once

#include <memory>

#include "chat/store/change_store.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// The context outlives it.
std::unique_ptr<ChangeStore> MakeSqlChanges(SqlContext& context);

}  // namespace tidemill::chat
