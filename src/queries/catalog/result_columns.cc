#include "queries/catalog/result_columns.h"

#include <algorithm>

namespace tidemill::queries {

std::string WhyNoColumn(const Endpoint& endpoint, std::string_view name) {
  const auto found = std::ranges::count(endpoint.columns, name, &EndpointColumn::name);
  if (found == 1) return "";
  return found == 0 ? "the result has no such column" : "the result has it more than once";
}

std::string DescribeColumns(const Endpoint& endpoint) {
  std::string text;
  for (const EndpointColumn& each : endpoint.columns) text += (text.empty() ? "" : ", ") + each.name;
  return "the result has: " + text;
}

}  // namespace tidemill::queries
