// Dates and times of clients: RFC 3339 (and with a blank for its T), checked before the database sees them.
//
// Also what Postgres writes and takes: "infinity", "-infinity", years of up to six digits, and " BC".
// Functions; any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "sql/type.h"

namespace tidemill::queries {

// kDate, kTimestamp or kTimestampTz. The error is what it must be.
std::expected<void, std::string> CheckTime(sql::Kind kind, std::string_view text);

}  // namespace tidemill::queries
