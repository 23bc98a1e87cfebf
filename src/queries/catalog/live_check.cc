#include "queries/catalog/live_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "queries/catalog/words_of.h"

namespace tidemill::queries {
namespace {

std::string ColumnsOf(const Endpoint& endpoint) {
  std::string text;
  for (const EndpointColumn& each : endpoint.columns) text += (text.empty() ? "" : ", ") + each.name;
  return "the result has: " + text;
}

files::Problem Refused(const Endpoint& endpoint, std::string message, std::string hint) {
  return {.kind = files::ProblemKind::kContradiction,
          .where = endpoint.query->live_where,
          .message = std::move(message),
          .hint = std::move(hint)};
}

std::optional<files::Problem> CheckKey(const Endpoint& endpoint) {
  const files::Query& query = *endpoint.query;
  if (query.rows == files::RowsShape::kMany && query.live->key.empty()) {
    return Refused(endpoint, "@live without key=: which columns tell the rows apart?",
                   ColumnsOf(endpoint) + "; for one row: @rows one");
  }
  for (const std::string& name : query.live->key) {
    const auto found = std::ranges::count(endpoint.columns, name, &EndpointColumn::name);
    if (found == 1) continue;
    const std::string what =
        found == 0 ? "the result has no such column" : "the result has it more than once";
    return Refused(endpoint, fmt::format("@live key={}: {}", name, what), ColumnsOf(endpoint));
  }
  return std::nullopt;
}

}  // namespace

std::optional<files::Problem> CheckLive(const Endpoint& endpoint, sql::Dialect dialect) {
  const files::Query& query = *endpoint.query;
  if (!query.live) return std::nullopt;
  if (auto refused = CheckKey(endpoint)) return refused;
  if (query.live->poll) return std::nullopt;
  const std::string moving = FindMoving(endpoint.statements.back().sql.text(), dialect);
  if (moving.empty()) return std::nullopt;
  return Refused(endpoint, fmt::format("@live: the result changes without a write, by {}", moving),
                 "have it asked for again and again: @live poll=5s key=…; or pass the time as a parameter");
}

}  // namespace tidemill::queries
