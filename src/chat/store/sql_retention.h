// MakeSqlRetention: RetentionStore on SQL.
#pragma once

#include <memory>

#include "chat/store/retention_store.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// The context outlives it.
std::unique_ptr<RetentionStore> MakeSqlRetention(SqlContext& context);

}  // namespace tidemill::chat
