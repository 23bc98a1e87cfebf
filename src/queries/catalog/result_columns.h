// The columns of an endpoint's result, for what its file says of them. Functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "queries/catalog/endpoint.h"

namespace tidemill::queries {

// Why `name` does not stand for one column; "": it does.
std::string WhyNoColumn(const Endpoint& endpoint, std::string_view name);

// "the result has: id, total"
std::string DescribeColumns(const Endpoint& endpoint);

}  // namespace tidemill::queries
