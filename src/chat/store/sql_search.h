// MakeSqlSearch: SearchStore on SQL.
#pragma once

#include <memory>

#include "chat/store/search_store.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// The context outlives it.
std::unique_ptr<SearchStore> MakeSqlSearch(SqlContext& context);

}  // namespace tidemill::chat
