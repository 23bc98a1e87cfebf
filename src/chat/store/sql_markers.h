// MakeSqlMarkers: MarkerStore on SQL.
#pragma once

#include <memory>

#include "chat/store/marker_store.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// The context outlives it.
std::unique_ptr<MarkerStore> MakeSqlMarkers(SqlContext& context);

}  // namespace tidemill::chat
