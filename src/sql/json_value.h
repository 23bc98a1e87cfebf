// AppendJsonValue: one value of a database as JSON.
//
// | kind | JSON |
// |---|---|
// | kNull | null |
// | kBoolean | true, false |
// | kInteger | a number; with Integers64::kText those of a 64-bit type are texts |
// | kFloat, kNumeric | a number with the digits as they are; "NaN", "Infinity", "-Infinity" as Postgres'
// to_json | | kJson | itself | | kDate | "2026-11-27" | | kTimestamp | "2026-11-27T10:00:00.5" (ISO 8601) |
// | kTimestampTz | "2026-11-27T10:00:00.5Z" (RFC 3339) |
// | kBytes | base64 (RFC 4648 section 4) |
// | kArray | an array, nested as it is; its bounds are dropped |
// | kComposite | an object by attributes; a text where they are not known |
// | all others | a text |
//
// "infinity" and years before 1 ("0044-03-15 BC") stay as Postgres writes them. Functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/json_buffer.h"
#include "sql/type.h"

namespace tidemill::sql {

// JavaScript's numbers hold 53 bits.
enum class Integers64 : std::uint8_t { kNumber, kText };

struct JsonOptions {
  Integers64 integers64 = Integers64::kNumber;
  bool on_one_line = false;  // line breaks between the tokens of a kJson become spaces
};

// `type` is the column's; `kind` the value's own, as SQLite has it. `text` is written as type.h says; what
// is not (inside arrays and composites) becomes a text.
void AppendJsonValue(const Type& type, Kind kind, std::string_view text, const JsonOptions& options,
                     JsonBuffer& out);

}  // namespace tidemill::sql
