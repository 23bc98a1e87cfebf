// FindLiveKey: which parameter of a query with @live tells the changes apart that matter to a call.
//
// A task on the database's loop.
#pragma once

#include <expected>

#include "net/task.h"
#include "queries/catalog/describer.h"
#include "queries/catalog/endpoint.h"
#include "sql/database.h"

namespace tidemill::queries {

// Sets live_key, or why_no_live_key, of an endpoint that is described but for that. Not without @live, nor
// with poll.
Task<std::expected<void, NotDescribed>> FindLiveKey(sql::Database& database, Endpoint& endpoint);

}  // namespace tidemill::queries
