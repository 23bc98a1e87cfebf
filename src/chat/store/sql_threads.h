// MakeSqlThreads: ThreadStore on SQL.
#pragma once

#include <memory>

#include "chat/store/sql_context.h"
#include "chat/store/thread_store.h"

namespace tidemill::chat {

// The context outlives it.
std::unique_ptr<ThreadStore> MakeSqlThreads(SqlContext& context);

}  // namespace tidemill::chat
