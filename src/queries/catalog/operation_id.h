// OperationIds: a name for each endpoint that is one in every language: "get_orders_by_customer".
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "queries/files/route.h"

namespace tidemill::queries {

// The method and the parts of the path.
std::string OperationId(const files::Route& route);

// Of routes in order: where two have one name, all but the first get a number: "get_a_b_2".
std::vector<std::string> OperationIds(const std::vector<const files::Route*>& routes);

}  // namespace tidemill::queries
