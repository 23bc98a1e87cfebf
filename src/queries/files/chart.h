// Chart: how a page shows the rows of a query: what one "@chart" line says. docs/formats/sql-files.md is the
// reference.
//
// Values; whether the result has its columns is found out with the database (catalog/chart_check.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "queries/files/source.h"

namespace tidemill::files {

enum class ChartKind : std::uint8_t { kLine, kArea, kBar, kPie, kTable, kNumber };
// "line", as it is written.
std::string_view Name(ChartKind kind);

struct Chart {
  ChartKind kind = ChartKind::kLine;
  std::string x;                     // the column along the axis, or of a pie's names; "": a table, a number
  std::vector<std::string> y;        // columns of numbers; empty: a table
  std::string series;                // the column whose values are lines of their own; "": each of y is one
  std::string before;                // of a number: the column that it is compared with; "": none
  std::vector<std::string> columns;  // of a table; empty: all
  std::string title;                 // "": the summary of the query
  std::string unit;                  // of numbers: "EUR", "%", "bytes", or a text behind them
  Range where;                       // of the tag
  friend bool operator==(const Chart&, const Chart&) = default;
};

}  // namespace tidemill::files
