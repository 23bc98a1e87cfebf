#include "queries/catalog/postgres_live_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queries/catalog/bound_columns.h"

namespace tidemill::queries {
namespace {

// Text is equal where its bytes are, unless its collation says otherwise.
constexpr const char* kColumn = R"sql(
select a.atttypid::pg_catalog.int8, t.typtype = 'e', c.relkind in ('r', 'p') and a.attgenerated = '',
       coalesce(l.collisdeterministic, true)
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
  left join pg_catalog.pg_collation l on l.oid = a.attcollation
 where n.nspname || '.' || c.relname = $1::pg_catalog.text and a.attname = $2::pg_catalog.text)sql";

constexpr std::uint32_t kInt8 = 20;
constexpr std::uint32_t kInt2 = 21;
constexpr std::uint32_t kInt4 = 23;
constexpr std::uint32_t kText = 25;
constexpr std::uint32_t kVarchar = 1043;
constexpr std::uint32_t kUuid = 2950;

bool IsInteger(std::uint32_t oid) { return oid == kInt2 || oid == kInt4 || oid == kInt8; }
bool IsText(std::uint32_t oid) { return oid == kText || oid == kVarchar; }

struct Column {
  std::uint32_t oid = 0;
  bool is_enum = false;
  bool deterministic = true;
};

// Nullopt: values that are equal may be written differently.
std::optional<LiveKey::Kind> KindOf(const Column& column, const sql::Type& parameter) {
  if (IsInteger(column.oid) && IsInteger(parameter.oid)) return LiveKey::Kind::kInteger;
  if (column.oid == kUuid && parameter.oid == kUuid) return LiveKey::Kind::kUuid;
  if (IsText(column.oid) && IsText(parameter.oid) && column.deterministic) return LiveKey::Kind::kText;
  if (column.is_enum && column.oid == parameter.oid) return LiveKey::Kind::kText;
  return std::nullopt;
}

// A trigger gets it as an argument.
bool IsPlain(std::string_view name) {
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         std::string_view::npos;
}

// Of `reads` the only one that is meant by "orders" or "public.orders"; "": there is none.
std::string TableOf(const std::string& written, const std::vector<std::string>& reads) {
  std::string found;
  for (const std::string& each : reads) {
    if (each != written && !each.ends_with("." + written)) continue;
    if (!found.empty()) return "";
    found = each;
  }
  return found;
}

using Outcome = std::expected<std::string, NotDescribed>;  // why not; "": it is the key

Task<Outcome> Try(sql::Database& database, Endpoint& endpoint, BoundColumn bound) {
  const std::string table = TableOf(bound.table, endpoint.reads);
  const std::vector<std::string>& named = endpoint.query->live->tables;
  if (table.empty()) co_return fmt::format("{} is not known as one of its tables", bound.table);
  if (!IsPlain(bound.column)) co_return fmt::format("the name of {} has other letters", bound.column);
  if (!TableOf(table, named).empty() || std::ranges::find(named, bound.table) != named.end()) {
    co_return fmt::format("tables= names {}: it may be read in other ways, too", table);
  }
  static const sql::Statement statement(kColumn);
  const auto found = co_await database.Run(
      {.statement = statement, .parameters = {table, bound.column}, .access = sql::Access::kRead});
  if (!found) co_return std::unexpected(found.error());
  if (found->rows.empty()) co_return fmt::format("{} has no column {}", table, bound.column);
  const sql::Row row = found->rows[0];
  if (row[2].text != "t") co_return fmt::format("{} is no table, or {} generated", table, bound.column);
  const Column column{.oid = static_cast<std::uint32_t>(row[0].AsInteger().value_or(0)),
                      .is_enum = row[1].text == "t",
                      .deterministic = row[3].text == "t"};
  const std::size_t parameter = endpoint.statements.front().parameters.at(bound.number - 1);
  const auto kind = KindOf(column, *endpoint.parameters[parameter].type);
  if (!kind) {
    co_return fmt::format("{} is compared as something other than integers, uuid, text or one enum",
                          bound.column);
  }
  endpoint.live_key = LiveKey{.table = table,
                              .column = bound.column,
                              .column_oid = column.oid,
                              .parameter = parameter,
                              .kind = *kind};
  co_return "";
}

// Of the parameters that by= names; without it, of all.
bool IsMeant(const Endpoint& endpoint, const BoundColumn& bound) {
  const std::vector<std::string>& by = endpoint.query->live->by;
  const std::vector<std::size_t>& parameters = endpoint.statements.front().parameters;
  if (bound.number > parameters.size()) return false;
  const std::string& name = endpoint.query->parameters[parameters[bound.number - 1]].name;
  return by.empty() || std::ranges::find(by, name) != by.end();
}

}  // namespace

Task<std::expected<void, NotDescribed>> FindLiveKey(sql::Database& database, Endpoint& endpoint) {
  using Done = std::expected<void, NotDescribed>;
  const files::Query& query = *endpoint.query;
  if (!query.live || query.live->poll) co_return Done();
  std::string& why = endpoint.why_no_live_key;
  if (query.parameters.empty()) {
    why = "it has no parameters";
    co_return Done();
  }
  if (!endpoint.knows_tables) {
    why = "it calls functions that may read other rows";
    co_return Done();
  }
  const auto bound = FindBoundColumns(endpoint.statements.front().sql.text(),
                                      query.live->by.empty() ? BoundIn::kOneTable : BoundIn::kAny);
  if (!bound) {
    why = bound.error();
    co_return Done();
  }
  why = "by= names none of the parameters that stand as column = :parameter behind its where";
  for (const BoundColumn& each : *bound) {
    if (!IsMeant(endpoint, each)) continue;
    TM_CO_TRY_ASSIGN(why, co_await Try(database, endpoint, each));
    if (why.empty()) break;
  }
  co_return Done();
}

}  // namespace tidemill::queries
