#include "cli/outbox/trigger_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sql/schema/schema.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kNameBytesMax = 63;  // NAMEDATALEN - 1
constexpr std::string_view kPrefix = "tidemill_outbox_";

struct TableName {
  std::string schema;  // "": as the search_path says
  std::string name;

  std::string Quoted(std::string_view prefix = "") const {
    const std::string quoted = sql::QuoteIdentifier(std::string(prefix) + name);
    return schema.empty() ? quoted : sql::QuoteIdentifier(schema) + "." + quoted;
  }
};

Result<TableName> ParseTable(const std::string& text) {
  TableName table;
  const std::size_t dot = text.find('.');
  if (dot != text.npos) table.schema = text.substr(0, dot);
  table.name = dot == text.npos ? text : text.substr(dot + 1);
  const bool is_cut = table.name.size() > kNameBytesMax - kPrefix.size();
  if (table.name.empty() || is_cut || table.name.contains('.') ||
      (dot != text.npos && table.schema.empty())) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("{}: not the name of a table, of up to {} bytes, perhaps with its schema", text,
                            kNameBytesMax - kPrefix.size()));
  }
  return table;
}

// Control characters would end the comment, and the delimiter the function.
bool IsPlain(std::string_view text) {
  return std::ranges::none_of(text,
                              [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }) &&
         !text.contains("$tidemill$");
}

Result<> CheckNames(const TriggerWish& wish) {
  std::vector<std::string> names = wish.columns;
  names.insert(names.end(), {wish.table, wish.channel, wish.key, wish.schema});
  for (const std::string& name : names) {
    if (!IsPlain(name))
      return Fail(Errc::kInvalidArgument, "a name must not have control characters or $tidemill$");
  }
  return {};
}

std::string EventsOf(const TriggerWish& wish) {
  std::string events;
  const auto add = [&events](bool wanted, std::string_view event) {
    if (!wanted) return;
    if (!events.empty()) events += " or ";
    events += event;
  };
  add(wish.on_insert, "insert");
  add(wish.on_update, "update");
  add(wish.on_delete, "delete");
  return events;
}

std::string RowOf(const TriggerWish& wish) {
  if (wish.columns.empty()) return "changed";
  std::string row;
  for (const std::string& column : wish.columns) {
    if (!row.empty()) row += ", ";
    row += fmt::format("{0}, changed -> {0}", sql::QuoteLiteral(column));
  }
  return "jsonb_build_object(" + row + ")";
}

}  // namespace

// Whoever changes the table needs no right to publish: the function has those of whoever runs the script.
Result<std::string> TriggerSql(const TriggerWish& wish) {
  TM_TRY(CheckNames(wish));
  TM_TRY_ASSIGN(const TableName table, ParseTable(wish.table));
  const std::string events = EventsOf(wish);
  if (events.empty()) {
    return Fail(Errc::kInvalidArgument, "say what is to be published: --insert, --update, --delete");
  }
  const std::string channel = wish.channel.empty() ? table.name : wish.channel;
  const std::string key = wish.key.empty()
                              ? ""
                              : fmt::format(",\n    key => {} || (changed ->> {})",
                                            sql::QuoteLiteral(channel + " "), sql::QuoteLiteral(wish.key));
  return fmt::format(
      R"(-- Publishes each {events} of {table}
-- in the channel {channel}, if and when its transaction commits.
begin;
create or replace function {function}() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $tidemill$
declare
  changed jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  perform {schema}.publish({channel},
    jsonb_build_object('op', lower(tg_op), 'table', {name},
      'row', {row}){key});
  return null;
end $tidemill$;
drop trigger if exists tidemill_outbox on {table};
create trigger tidemill_outbox after {events} on {table}
  for each row execute function {function}();
commit;
)",
      fmt::arg("events", events), fmt::arg("table", table.Quoted()),
      fmt::arg("channel", sql::QuoteLiteral(channel)), fmt::arg("function", table.Quoted(kPrefix)),
      fmt::arg("schema", sql::QuoteIdentifier(wish.schema)), fmt::arg("name", sql::QuoteLiteral(table.name)),
      fmt::arg("row", RowOf(wish)), fmt::arg("key", key));
}

Result<std::string> DropTriggerSql(const TriggerWish& wish) {
  TM_TRY(CheckNames(wish));
  TM_TRY_ASSIGN(const TableName table, ParseTable(wish.table));
  return fmt::format(
      "begin;\ndrop trigger if exists tidemill_outbox on {};\ndrop function if exists {}();\ncommit;\n",
      table.Quoted(), table.Quoted(kPrefix));
}

}  // namespace tidemill::cli
