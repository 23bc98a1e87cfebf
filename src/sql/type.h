// Type: what a column or a parameter holds, as the database declares it.
//
// A field's bytes are the value's text as Postgres writes it (integers in decimal, true as "t", timestamps in
// ISO, arrays as "{1,2}"), except kBytes, which are the bytes themselves. SQLite's values are written in the
// same way. Immutable once made; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidemill::sql {

enum class Kind : std::uint8_t {
  kNull,
  kBoolean,      // "t" or "f"
  kInteger,      // of 64 bits at most
  kFloat,        // shortest text that gives the same double; "NaN", "Infinity", "-Infinity"
  kNumeric,      // decimal digits without a limit; "NaN", "Infinity", "-Infinity"
  kText,         // and every type that is best left as text
  kBytes,        //
  kJson,         // a JSON text
  kDate,         // "2026-11-27", "infinity"
  kTimestamp,    // without a time zone: "2026-11-27 10:00:00.5", "infinity"
  kTimestampTz,  // "2026-11-27 10:00:00.5+00": our sessions are in UTC
  kUuid,         //
  kEnum,         //
  kArray,        //
  kComposite,    //
};

struct Type;

struct Attribute {
  std::string name;
  std::shared_ptr<const Type> type;
};

struct Type {
  Kind kind = Kind::kText;
  std::string name;                     // "bigint", "orders_status[]"; "" where SQLite declares none
  std::uint32_t oid = 0;                // Postgres'; 0 in SQLite
  std::shared_ptr<const Type> element;  // of an array
  std::vector<Attribute> attributes;    // of a composite
  std::vector<std::string> labels;      // of an enum, in its order
};

}  // namespace tidemill::sql
