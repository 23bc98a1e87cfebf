// CheckLive: whether the result of a query with @live can be followed, as far as its description tells.
//
// A function; any thread.
#pragma once

#include <optional>

#include "queries/catalog/endpoint.h"
#include "queries/files/problem.h"
#include "sql/database.h"

namespace tidemill::queries {

// What keeps it from that, at the place of the tag; nullopt: nothing, or there is no @live. A result of many
// rows needs a key among its columns; one that changes without a write (by the time, by chance) can only be
// asked for again and again, which the file has to say (poll).
std::optional<files::Problem> CheckLive(const Endpoint& endpoint, sql::Dialect dialect);

}  // namespace tidemill::queries
