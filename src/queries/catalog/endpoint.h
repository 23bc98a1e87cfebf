// Endpoint: a query of a .sql file together with what the database says of it: all that is needed to serve
// and to document it.
//
// Immutable once made, and shared: a request that is under way keeps the endpoint that it began with. Any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queries/files/file_set.h"
#include "queries/files/query.h"
#include "sql/rows.h"
#include "sql/statement.h"
#include "sql/type.h"

namespace tidemill::queries {

struct EndpointParameter {
  // Never null; its name is "" where neither the file nor the database says one (SQLite).
  std::shared_ptr<const sql::Type> type;
};

struct EndpointColumn {
  std::string name;
  std::shared_ptr<const sql::Type> type;  // never null
  bool nullable = true;                   // false only where the database guarantees it
  std::string doc;                        // the comment of the table's column it comes from
};

struct EndpointStatement {
  sql::Statement sql;
  std::vector<std::size_t> parameters;  // parameters[0] is $1: an index into the query's
};

// Of @live: of the changes of `table` only those of rows matter to a call that have, or had, the parameter's
// value in `column`.
struct LiveKey {
  // Values are equal where their texts are: what is written so, 7 or a UUID in lower case, has one spelling.
  enum class Kind : std::uint8_t { kInteger, kUuid, kText };
  std::string table;  // "public.orders"
  std::string column;
  std::uint32_t column_oid = 0;  // of its type
  std::size_t parameter = 0;     // an index into the query's
  Kind kind = Kind::kText;
  friend bool operator==(const LiveKey&, const LiveKey&) = default;
};

struct Endpoint {
  std::shared_ptr<const files::File> file;  // owns `query`
  const files::Query* query = nullptr;
  std::string operation_id;                   // "get_orders_by_customer": unique among all endpoints
  std::vector<EndpointParameter> parameters;  // as query->parameters
  std::vector<EndpointStatement> statements;  // as query->statements
  std::vector<EndpointColumn> columns;        // of the last statement; empty: it gives no rows
  // kRead: all statements only read, and the database is told so with each call.
  sql::Access access = sql::Access::kWrite;
  // Tables that it reads (in PostgreSQL its views too) and writes, as far as they are known, sorted:
  // "orders", "public.orders".
  std::vector<std::string> reads;
  std::vector<std::string> writes;
  // With @live: nullopt where any change of its tables may matter, and `why_no_live_key` says why.
  std::optional<LiveKey> live_key;
  std::string why_no_live_key;
  bool knows_tables = true;  // false: a function, a trigger or a rule of its may touch others too
  std::string version;  // changes whenever the file's text, the types or the columns do: for ETags and caches
};

}  // namespace tidemill::queries
