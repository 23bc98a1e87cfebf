#include "queries/catalog/live_check.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "queries/catalog/result_columns.h"
#include "queries/catalog/words_of.h"

namespace tidemill::queries {
namespace {

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
                   DescribeColumns(endpoint) + "; for one row: @rows one");
  }
  for (const std::string& name : query.live->key) {
    const std::string why = WhyNoColumn(endpoint, name);
    if (why.empty()) continue;
    return Refused(endpoint, fmt::format("@live key={}: {}", name, why), DescribeColumns(endpoint));
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
