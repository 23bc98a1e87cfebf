#include "queries/catalog/chart_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queries/catalog/result_columns.h"
#include "queries/files/chart.h"

namespace tidemill::queries {
namespace {

using sql::Kind;

struct Named {
  std::string_view key;  // "y"
  std::string_view column;
  bool number = false;
};

std::vector<Named> ColumnsOf(const files::Chart& chart) {
  std::vector<Named> all;
  const auto add = [&all](std::string_view key, std::string_view column, bool number) {
    if (!column.empty()) all.push_back({.key = key, .column = column, .number = number});
  };
  add("x", chart.x, false);
  for (const std::string& each : chart.y) add("y", each, true);
  add("series", chart.series, false);
  add("before", chart.before, true);
  for (const std::string& each : chart.columns) add("columns", each, false);
  return all;
}

// Of SQLite a type may say nothing: "" is of an expression.
bool MayBeNumbers(const sql::Type& type) {
  switch (type.kind) {
    case Kind::kInteger:
    case Kind::kFloat:
    case Kind::kNumeric:
    case Kind::kNull: return true;
    case Kind::kText: return type.name.empty();
    default: return false;
  }
}

std::string WhyNot(const Endpoint& endpoint, const Named& named) {
  if (std::string why = WhyNoColumn(endpoint, named.column); !why.empty()) return why;
  if (!named.number) return "";
  const auto column = std::ranges::find(endpoint.columns, named.column, &EndpointColumn::name);
  if (MayBeNumbers(*column->type)) return "";
  return fmt::format("its type is {}, and it is drawn as a number", column->type->name);
}

}  // namespace

std::optional<files::Problem> CheckCharts(const Endpoint& endpoint) {
  for (const files::Chart& chart : endpoint.query->charts) {
    for (const Named& named : ColumnsOf(chart)) {
      const std::string why = WhyNot(endpoint, named);
      if (why.empty()) continue;
      return files::Problem{
          .kind = files::ProblemKind::kContradiction,
          .where = chart.where,
          .message = fmt::format("@chart {} {}={}: {}", Name(chart.kind), named.key, named.column, why),
          .hint = DescribeColumns(endpoint)};
    }
  }
  return std::nullopt;
}

}  // namespace tidemill::queries
