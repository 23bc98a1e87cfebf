// CheckCharts: whether the result of a query has what its @chart lines name. A function; any thread.
#pragma once

#include <optional>

#include "queries/catalog/endpoint.h"
#include "queries/files/problem.h"

namespace tidemill::queries {

// The first of them that cannot be drawn, at the place of its tag; nullopt: none. Each column is there once,
// and what is drawn as numbers is of a type of numbers, or of none that the database knows (SQLite).
std::optional<files::Problem> CheckCharts(const Endpoint& endpoint);

}  // namespace tidemill::queries
