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

// Beside a transaction and a table: the values that its rows had, and have, in a column: 'v7' is 7, 'n' is
// NULL, 'x' one that is too long. Without a row of a column any value may have been touched; '' as the column
// says so of all columns.
constexpr std::string_view kKeys =
    "create table tidemill_live_keys (\n"
    "  transaction xid8 not null,\n"
    "  relation text not null,\n"
    "  key_column text not null,\n"
    "  value text not null,\n"
    "  primary key (transaction, relation, key_column, value)\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,\n"
    "  autovacuum_vacuum_cost_delay = 0)";

// A trigger with arguments, columns of its table, tells what was touched in them, too. Of types whose text is
// written by PostgreSQL itself alone: whoever owns a table chooses the arguments, and this runs with other
// rights. A column that is gone is passed over: nothing here may fail, as it would undo the application's
// write.
constexpr std::string_view kChangedKeys = R"sql(create or replace function tidemill_live_changed()
returns trigger language plpgsql security definer set search_path from current as $$
declare
  changed text := tg_table_schema || '.' || tg_table_name;
  key_column text;
  touched bigint := 1;
  told bigint;
begin
  if (select last_value from tidemill_live_until) <= extract(epoch from clock_timestamp()) * 1000 then
    return null;
  end if;
  if tg_nargs > 0 and tg_op = 'DELETE' then
    select count(*) into touched from (select from tidemill_old limit 1001) as few;
  elsif tg_nargs > 0 and tg_op <> 'TRUNCATE' then
    select count(*) into touched from (select from tidemill_new limit 1001) as few;
  end if;
  if touched = 0 then
    return null;
  end if;
  insert into tidemill_live_changes values (pg_current_xact_id(), changed) on conflict do nothing;
  if tg_op = 'TRUNCATE' or touched > 1000 then
    insert into tidemill_live_keys values (pg_current_xact_id(), changed, '', '') on conflict do nothing;
  elsif tg_nargs > 0 then
    foreach key_column in array tg_argv loop
      continue when not exists (
        select from pg_attribute a join pg_type t on t.oid = a.atttypid
         where a.attrelid = tg_relid and a.attname = key_column
           and (t.typtype = 'e' or t.oid in (20, 21, 23, 25, 1043, 2950)));
      execute format(
        'with few as materialized (select distinct case when %1$I is null then ''n'' '
        'when octet_length(concat(%1$I)) > 200 then ''x'' else concat(''v'', %1$I) end as value '
        'from (%2$s) as touched limit 101), '
        'noted as (insert into tidemill_live_keys select pg_current_xact_id(), $1, $2, value from few '
        'on conflict do nothing) select count(*) from few',
        key_column,
        case tg_op when 'INSERT' then format('select %I from tidemill_new', key_column)
          when 'DELETE' then format('select %I from tidemill_old', key_column)
          else format('select %1$I from tidemill_old union all select %1$I from tidemill_new', key_column)
        end)
        into told using changed, key_column;
      if told > 100 then
        insert into tidemill_live_keys values (pg_current_xact_id(), changed, '', '') on conflict do nothing;
      end if;
    end loop;
  end if;
  return null;
end $$)sql";

}  // namespace

sql::Schema LiveSchema() {
  sql::Schema schema{.module = "live"};
  schema.versions.push_back({.postgres = {kTable, kUntil, kFixedPath, kChanged}, .sqlite = {}});
  schema.versions.push_back({.postgres = {kKeys, kFixedPath, kChangedKeys}, .sqlite = {}});
  return schema;
}

}  // namespace tidemill::queries::live
