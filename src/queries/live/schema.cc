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

// What a transaction has written, statement by statement: a table, and of its rows in one column the values
// that were there before and are there now, each once: NULL is one of them, and one of 201 characters is the
// beginning of a longer one. Without a column, and without values, any may have been touched. Unlogged, as
// nobody needs it after a crash: tidemill_live_mark is empty then, too, and who follows begins anew.
constexpr std::string_view kNotes =
    "create unlogged table tidemill_live_notes (\n"
    "  transaction xid8 not null,\n"
    "  relation text not null,\n"
    "  key_column text,\n"
    "  touched text[]\n"
    ") with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,\n"
    "  autovacuum_vacuum_cost_delay = 0)";
constexpr std::string_view kNotesIndex =
    "create index tidemill_live_notes_transaction on tidemill_live_notes (transaction)";
constexpr std::string_view kMark =
    "create unlogged table tidemill_live_mark (\n"
    "  id integer primary key check (id = 1),\n"
    "  mark uuid not null default gen_random_uuid()\n"
    ")";

// Makes the function that triggers call which tell of `columns`, sorted ('{}': of none), if there is none,
// and gives its name. It has the columns' names in it, so that PostgreSQL plans its statements once for a
// session; it is the same for all tables that tell of these columns. What a statement of a few rows costs its
// writer counts most: whether somebody follows is an expression and no query, each row is noted as it is, and
// only those of more rows together.
//
// It runs with the rights of the schema's owner inside of others' writes, whatever their search_path is. So
// all in it has its schema (operators, too); of a value it calls only the output function of its type, as who
// owns a table may make casts and not those; where it reads transition tables, only its owner may attach it
// to a table: without these it would read a view of that name. Nothing in it may fail, as that would undo the
// application's write: a column that is gone is found in "gone" (an inner name goes before an outer one),
// which tells that it is.
constexpr std::string_view kFunction = R"sql(create function tidemill_live_function(columns text[])
returns text language plpgsql set search_path from current as $make$
declare
  ours text := quote_ident(current_schema());
  function_name text := ours || '.tidemill_live_changed';
  who text := 'pg_catalog.pg_current_xact_id(), '
    'pg_catalog.concat(tg_table_schema, pg_catalog.chr(46), tg_table_name)';
  until text := format('pg_catalog.pg_sequence_last_value(%L::pg_catalog.regclass)',
    ours || '.tidemill_live_until');
  note text := format('insert into %s.tidemill_live_notes (transaction, relation, key_column, touched) ',
    ours);
  note_all text := note || format('values (%s, null, null)', who);
  owner name := (select pg_get_userbyid(nspowner) from pg_namespace where nspname = current_schema());
  body text := note_all;
  event record;
  few_max int := 16;
  few_of_all text;
  many_of_all text;
  row_of text := $sql$(select 'tidemill: the column is gone'::pg_catalog.text as %2$I) as gone
    cross join lateral %3$s as seen$sql$;
  a_few text := $sql$select %1$s, %2$L, array[case when seen.touched is not null
      then pg_catalog.left(pg_catalog.concat(seen.touched), 201) end]
    from $sql$ || row_of;
  many text := $sql$select %1$s, %2$L, case when pg_catalog.count(*) operator(pg_catalog.>) %3$s
        or pg_catalog.cardinality(pg_catalog.array_agg(distinct few.value)) operator(pg_catalog.>) 100
      then null else pg_catalog.array_agg(distinct few.value) end
    from (select case when seen.touched is not null
        then pg_catalog.left(pg_catalog.concat(seen.touched), 201) collate pg_catalog."C" end as value
      from $sql$ || replace(row_of, '%3$s', '%4$s') || ') as few';
begin
  if columns <> '{}' then
    function_name := function_name || '_' ||
      left(encode(sha256(convert_to(columns::text, 'UTF8')), 'hex'), 16);
    if to_regprocedure(function_name || '()') is not null then
      return function_name;
    end if;
    body := '';
    for event in select * from (values
        ('INSERT', '(select %1$I as touched from tidemill_new limit %2$s)', 1000),
        ('DELETE', '(select %1$I as touched from tidemill_old limit %2$s)', 1000),
        ('UPDATE', '((select %1$I as touched from tidemill_old limit %2$s) union all '
                   '(select %1$I from tidemill_new limit %2$s))', 2000)) as e(name, seen, rows_max) loop
      select string_agg(format(a_few, who, name, format(event.seen, name, few_max)), ' union all '),
             string_agg(format(many, who, name, event.rows_max, format(event.seen, name, 1001)),
               ' union all ')
        into few_of_all, many_of_all from unnest(columns) as c(name);
      body := body || format('if tg_op operator(pg_catalog.=) %L then %s; get diagnostics noted = row_count; '
        'if noted operator(pg_catalog.>=) %s then %s; end if; els',
        event.name, note || few_of_all, few_max, note || many_of_all);
    end loop;
    body := body || 'e ' || note_all || '; end if';
  end if;
  execute format('create or replace function %s() returns trigger language plpgsql security definer as %L',
    function_name, format($sql$
#variable_conflict use_column
declare
  noted pg_catalog.int8;
begin
  if pg_catalog.to_timestamp(%s operator(pg_catalog./) 1000)
      operator(pg_catalog.>) pg_catalog.clock_timestamp() then
    %s;
  end if;
  return null;
end $sql$, until, body));
  if columns <> '{}' then
    execute format('revoke all on function %s() from public', function_name);
  end if;
  if current_user <> owner then
    execute format('alter function %s() owner to %I', function_name, owner);
  end if;
  return function_name;
end $make$)sql";

// Makes the triggers of a table: for `columns`, or one for all that is written without any. What is there of
// ours goes first, and functions that no trigger calls any more go afterwards: one after the other, as a
// trigger of a function that has just been dropped would undo each write.
constexpr std::string_view kFollowTable = R"sql(
create function tidemill_live_follow(relation regclass, columns text[] default '{}')
returns void language plpgsql set search_path from current as $make$
declare
  ours oid := (select oid from pg_namespace where nspname = current_schema());
  told text[] := array(select distinct c from unnest(columns) as c order by c);
  function_name text;
  table_name text;
  create_trigger text :=
    'create trigger %s after %s on %s%s for each statement execute function %s(%s)';
  arguments text := (select coalesce(string_agg(quote_literal(c), ', '), '') from unnest(told) as c);
  one record;
begin
  perform pg_advisory_xact_lock(hashtextextended('tidemill_live_follow', ours::bigint));
  function_name := tidemill_live_function(told);
  select format('%I.%I', s.nspname, c.relname) into table_name
    from pg_class c join pg_namespace s on s.oid = c.relnamespace where c.oid = relation;
  if (select count(*) from pg_trigger t where t.tgrelid = relation and t.tgenabled in ('O', 'A')
        and t.tgfoid = to_regprocedure(function_name || '()')::oid)
      = (case when told = '{}' then 1 else 4 end) then
    return;
  end if;
  for one in select t.tgname from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      where t.tgrelid = relation and p.pronamespace = ours and p.proname ~ '^tidemill_live_changed(_|$)' loop
    execute format('drop trigger %I on %s', one.tgname, table_name);
  end loop;
  for one in select * from (values
      (told = '{}', 'tidemill_live', 'insert or update or delete or truncate', '', ''),
      (told <> '{}', 'tidemill_live', 'truncate', '', ''),
      (told <> '{}', 'tidemill_live_insert', 'insert', ' referencing new table as tidemill_new', arguments),
      (told <> '{}', 'tidemill_live_update', 'update',
        ' referencing old table as tidemill_old new table as tidemill_new', arguments),
      (told <> '{}', 'tidemill_live_delete', 'delete', ' referencing old table as tidemill_old', arguments))
      as t(wanted, name, events, seen, arguments) where t.wanted loop
    execute format(create_trigger, one.name, one.events, table_name, one.seen, function_name,
      one.arguments);
    if (select pg_has_role(relowner, 'usage') from pg_class where oid = relation) then
      execute format('alter table %s enable always trigger %s', table_name, one.name);
    end if;
  end loop;
  for one in select p.oid::regprocedure as signature from pg_proc p
      where p.pronamespace = ours and p.proname ~ '^tidemill_live_changed_'
        and pg_has_role(p.proowner, 'usage')
        and not exists (select from pg_trigger t where t.tgfoid = p.oid) loop
    execute format('drop function %s', one.signature);
  end loop;
end $make$)sql";

constexpr std::string_view kPlainFunction = "select tidemill_live_function('{}')";

}  // namespace

sql::Schema LiveSchema() {
  sql::Schema schema{.module = "live"};
  schema.versions.push_back({.postgres = {kTable, kUntil, kFixedPath, kChanged}, .sqlite = {}});
  schema.versions.push_back({.postgres = {kKeys, kFixedPath, kChangedKeys}, .sqlite = {}});
  schema.versions.push_back(
      {.postgres = {kNotes, kNotesIndex, kMark, kFixedPath, kFunction, kFollowTable, kPlainFunction},
       .sqlite = {}});
  // In a transaction of its own: writes that begin while it waits for those under way call the new function.
  schema.versions.push_back(
      {.postgres = {"drop table tidemill_live_changes", "drop table tidemill_live_keys"}, .sqlite = {}});
  return schema;
}

}  // namespace tidemill::queries::live
