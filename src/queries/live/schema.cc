#include "queries/live/schema.h"

namespace tidemill::queries::live {
namespace {

// A row for each transaction and table, while somebody follows; who follows deletes those that all have seen.
constexpr std::string_view kTable =
    "create table tidemill_live_changes (\n"
    "  transaction xid8 not null,\n"
    "  relation text not null,\n"
    "  primary key (transaction, relation)\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,\n"
    "  autovacuum_vacuum_cost_delay = 0)";

// Until when somebody follows, in ms since 1970. A sequence, as what is set in it counts at once for every
// transaction, however old its snapshot is.
constexpr std::string_view kUntil = "create sequence tidemill_live_until minvalue 0 start 0";

constexpr std::string_view kFixedPath =
    "select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)";

// With the rights of the schema's owner: who writes into the application's table needs none here. It never
// rings (NOTIFY), which would make commits wait for each other: who follows looks by itself.
constexpr std::string_view kChanged = R"sql(create function tidemill_live_changed() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  if (select last_value from tidemill_live_until) > extract(epoch from clock_timestamp()) * 1000 then
    insert into tidemill_live_changes values (pg_current_xact_id(), tg_table_schema || '.' || tg_table_name)
      on conflict do nothing;
  end if;
  return null;
end $$)sql";

}  // namespace

sql::Schema LiveSchema() {
  sql::Schema schema{.module = "live"};
  schema.versions.push_back({.postgres = {kTable, kUntil, kFixedPath, kChanged}, .sqlite = {}});
  return schema;
}

}  // namespace tidemill::queries::live
