// Instants as jobs carry them: RFC 3339 (2017-12-20T15:30:17.111222333Z). Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tidemill::job {

// With any offset and up to nine digits of a second, of which three are kept (rounded down). nullopt for
// anything else, and outside the years 1 to 9999.
std::optional<WallTime> ParseTimestamp(std::string_view text);

// In UTC, with the milliseconds: "2017-12-20T15:30:17.111Z". `at` is within the years 1 to 9999.
void AppendTimestamp(WallTime at, std::string& out);
std::string ToTimestamp(WallTime at);

}  // namespace tidemill::job
