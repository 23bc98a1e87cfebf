// The fields of a cron expression: lists of values, names, ranges and steps, each read into its mask.
//
// A field is accepted only where all who read cron expressions mean the same by it, or where what it means
// here is written in README.md; the rest is refused, and the error says what to write instead. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "jobs/cron/calendar.h"

namespace tidemill::cron {

enum class Field : std::uint8_t { kSecond, kMinute, kHour, kDay, kMonth, kWeekday };

// Puts what `text` admits into `calendar`. kInvalidArgument names the field, what was wrong, and what is
// accepted.
Result<> ParseField(Field field, std::string_view text, Calendar& calendar);

// "minute", "day of the week"
std::string_view Name(Field field);

}  // namespace tidemill::cron
