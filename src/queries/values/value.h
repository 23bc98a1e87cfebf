// Values: what a client wrote, as the typed parameter that the database gets.
//
// What a type takes is checked here, so that an error can name its field; the text of a value is otherwise
// not changed: numbers keep every digit. docs/formats/rest.md has the table of the types. Functions; any
// thread.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "queries/files/query.h"
#include "sql/database.h"
#include "sql/parameter.h"
#include "sql/type.h"

namespace tidemill::queries {

// The error is what a person reads behind the field's name: "must be true or false, and is \"abc\"".
template <class T>
using Checked = std::expected<T, std::string>;

// From a path, a query or a form, decoded: UTF-8 without zero characters. Composites and JSON: as JSON texts.
Checked<sql::Parameter> FromText(const sql::Type& type, std::string_view text, sql::Dialect dialect);

// The elements of an array, as a query gives them: ids=1&ids=2.
Checked<sql::Parameter> FromTexts(const sql::Type& type, std::span<const std::string> texts,
                                  sql::Dialect dialect);

// `json` is one valid JSON value without blanks around it. null is sql::Null.
Checked<sql::Parameter> FromJson(const sql::Type& type, std::string_view json, sql::Dialect dialect);

// What a .sql file gives as its default.
Checked<sql::Parameter> FromDefault(const sql::Type& type, const files::DefaultValue& value,
                                    sql::Dialect dialect);

// How many elements one array may have, those of arrays in it together.
inline constexpr std::size_t kArrayElementsMax = 20'000;
// And all arrays of a body, with the attributes of composites.
inline constexpr std::size_t kBodyElementsMax = 50'000;

}  // namespace tidemill::queries
