// A type of the database as a JSON Schema (draft 2020-12, which OpenAPI 3.1 uses).
//
// It says what values have in JSON: sql/json_value.h for answers, values/value.h for requests. Not said:
// "NaN" and "Infinity" of numbers, "infinity" of dates, and nulls within arrays, which nearly no table has.
// Functions; any thread.
#pragma once

#include <cstdint>

#include "base/json.h"
#include "sql/type.h"

namespace tidemill::queries {

enum class Nullable : std::uint8_t { kNo, kYes };

// The members of the schema's object, which the caller has begun and may go on with.
void WriteTypeSchema(const sql::Type& type, Nullable nullable, JsonWriter& json);

}  // namespace tidemill::queries
