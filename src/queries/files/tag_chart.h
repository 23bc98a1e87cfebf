// ReadChart: one "@chart KIND x=COLUMN y=COLUMNS …".
#pragma once

#include <optional>
#include <string_view>

#include "queries/files/chart.h"
#include "queries/files/tag_reader.h"

namespace tidemill::files {

// How it is written.
inline constexpr std::string_view kChartUsage =
    "@chart line|area|bar x=COLUMN y=COLUMNS [series=COLUMN] [title=\"…\"] [unit=\"…\"],\n"
    "@chart pie x=COLUMN y=COLUMN, @chart number y=COLUMN [before=COLUMN] or @chart table [columns=COLUMNS]";

// nullopt after a report.
std::optional<Chart> ReadChart(TagReader& reader);

}  // namespace tidemill::files
