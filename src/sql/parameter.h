// Parameter: one typed value that goes to a database beside the SQL, never inside it.
//
// A list goes as the dialect wants it: Postgres' array ("= any($1)", "unnest($1)"), SQLite's JSON text
// ("in (select value from json_each(?1))"). Values; they own what they hold.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tidemill::sql {

struct Null {
  friend bool operator==(Null, Null) = default;
};
struct Bytes {
  std::string value;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

// A std::string is text; Postgres makes of it whatever type the statement wants there: a date, a numeric,
// JSON. A double that is infinite or not a number is written as Postgres writes it; SQLite has no NaN and
// stores NULL.
using Parameter = std::variant<Null, bool, std::int64_t, double, std::string, Bytes,
                               std::vector<std::int64_t>, std::vector<std::string>>;
using Parameters = std::vector<Parameter>;

}  // namespace tidemill::sql
