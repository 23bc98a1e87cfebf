// Query: what one .sql file, or one named query of a file, says: its route, its parameters, its statements,
// and what its tags ask for. docs/formats/sql-files.md is the reference.
//
// Values; nothing here knows a database, so types of columns and undeclared parameters are not among it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "queries/files/chart.h"
#include "queries/files/rewrite.h"
#include "queries/files/route.h"
#include "queries/files/source.h"

namespace tidemill::files {

enum class ParameterSource : std::uint8_t { kPath, kQuery, kBody, kClaim };

struct DefaultValue {
  enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kText };
  Kind kind = Kind::kNull;
  std::string text;  // "true", "-1.5", or the text itself
  friend bool operator==(const DefaultValue&, const DefaultValue&) = default;
};

struct Parameter {
  std::string name;
  std::string type;  // as it is declared: "int", "orders_status[]"; "": the database knows
  // A request without it, and without a default, is refused. Not required and without a default: NULL.
  bool required = true;
  // kClaim: the caller's claim of this name; no request can set it.
  ParameterSource source = ParameterSource::kQuery;
  std::optional<DefaultValue> default_value;
  std::string doc;
  Range where;  // its declaration; without one, its first use
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

struct Auth {
  bool required = true;
  std::vector<std::string> roles;   // the caller has one of these; empty: any or none
  std::vector<std::string> claims;  // the caller's token has all of these
  friend bool operator==(const Auth&, const Auth&) = default;
};

enum class RowsShape : std::uint8_t {
  kMany,   // an array of objects
  kOne,    // an object, or 404
  kValue,  // the first column of the first row
  kExec,   // how many rows were changed
};

struct Page {
  std::vector<std::string> keyset;  // columns; empty: limit and offset
  bool descending = false;          // all columns of the keyset
  std::uint32_t limit = 50;
  std::uint32_t max = 500;
  friend bool operator==(const Page&, const Page&) = default;
};

struct Cache {
  Duration ttl;
  std::optional<Duration> stale_while_revalidate;
  // Whose answer it is: callers that agree in these claims share it. Empty: everybody does (scope=public).
  std::vector<std::string> scope;
  std::vector<std::string> tags;
  friend bool operator==(const Cache&, const Cache&) = default;
};

struct Live {
  std::optional<Duration> poll;          // nullopt: changes are noticed
  std::optional<Duration> min_interval;  // between two results
  std::vector<std::string> key;          // columns that tell rows apart
  std::vector<std::string> by;           // parameters that choose which changes matter
  std::vector<std::string> tables;       // those it depends on; empty: found out
  friend bool operator==(const Live&, const Live&) = default;
};

struct Rate {
  std::uint32_t count = 0;
  Duration per;
  std::string claim;  // each value has its own; "": each address
  friend bool operator==(const Rate&, const Rate&) = default;
};

struct QueryStatement {
  Rewritten sql;
  std::vector<std::size_t> parameters;  // parameters[0] is $1: an index into the query's
  Range where;                          // in the file
  bool writes = false;                  // insert, update, delete or the like, as far as the text tells
  bool changes_plainly = false;         // ChangesPlainly
  friend bool operator==(const QueryStatement&, const QueryStatement&) = default;
};

struct Query {
  std::string name;  // of a named query in a file of several; else ""
  Route route;
  std::string summary;      // the first line of the comment
  std::string description;  // the lines after it
  std::vector<Parameter> parameters;
  std::vector<QueryStatement> statements;  // one; several with `transaction`

  Auth auth;
  RowsShape rows = RowsShape::kMany;
  std::optional<Page> page;
  std::vector<std::string> sort;  // columns that a request may ask for
  std::optional<Cache> cache;
  std::optional<Live> live;
  Range live_where;           // of the tag; empty: there is none
  std::vector<Chart> charts;  // how the page of its folder shows it; empty: not at all
  std::optional<Duration> timeout;
  std::optional<Rate> rate;
  std::string connection;                // ""; the usual one
  std::vector<std::string> invalidates;  // tables or tags that it changes
  bool idempotent = false;
  bool transaction = false;
  bool custom_plan = false;  // Postgres plans it anew for each call
  friend bool operator==(const Query&, const Query&) = default;
};

}  // namespace tidemill::files
