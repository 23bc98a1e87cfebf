#include "queries/live/postgres_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "queries/catalog/words_of.h"
#include "sql/schema/schema.h"

namespace tidemill::queries::live {
namespace {

// With partitions and children, what policies look at, and what stands behind views. Those above a partition
// or a child too: who writes through them fires their statement triggers alone.
//
// Its fingerprint is what the table, its trigger, its policies and a view's query are now: a row of a catalog
// that has been altered has another xmin.
constexpr const char* kFind = R"sql(
with recursive given as (
  select n, coalesce(
      (select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace s on s.oid = c.relnamespace
        where s.nspname || '.' || c.relname = n limit 1),
      pg_catalog.to_regclass(n)::pg_catalog.oid) as oid
    from pg_catalog.unnest($1::pg_catalog.text[]) as n
), used(oid) as (
  select oid from given where oid is not null
  union
  select next.oid from used, lateral (
    select i.inhrelid as oid from pg_catalog.pg_inherits i where i.inhparent = used.oid
    union all
    select d.refobjid from pg_catalog.pg_policy p
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
       and d.objid = p.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
     where p.polrelid = used.oid
    union all
    select d.refobjid from pg_catalog.pg_rewrite r
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
       and d.objid = r.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
     where r.ev_class = used.oid) as next
), reached(oid) as (
  select oid from used
  union
  select i.inhparent from reached join pg_catalog.pg_inherits i on i.inhrelid = reached.oid
)
select s.nspname || '.' || c.relname, pg_catalog.format('%I.%I', s.nspname, c.relname),
       c.relkind::pg_catalog.text,
       case when t.oid is null then '-' when t.is_ours then t.tgenabled::pg_catalog.text else 'x' end,
       pg_catalog.has_table_privilege(c.oid, 'trigger'),
       pg_catalog.pg_has_role(c.relowner, 'usage'),
       exists (select from pg_catalog.pg_policy p
         join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
          and d.objid = p.oid and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
         join pg_catalog.pg_proc f on f.oid = d.refobjid and f.provolatile <> 'i'
        where p.polrelid = c.oid)
       or exists (select from pg_catalog.pg_rewrite r
         join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
          and d.objid = r.oid and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
         join pg_catalog.pg_proc f on f.oid = d.refobjid and f.provolatile <> 'i'
        where r.ev_class = c.oid and c.relkind = 'v'),
       pg_catalog.concat_ws(' ', c.oid, c.xmin, t.oid, t.xmin,
         (select pg_catalog.string_agg(p.oid || ':' || p.xmin::pg_catalog.text, ',' order by p.oid)
            from pg_catalog.pg_policy p where p.polrelid = c.oid),
         (select pg_catalog.string_agg(r.oid || ':' || r.xmin::pg_catalog.text, ',' order by r.oid)
            from pg_catalog.pg_rewrite r where r.ev_class = c.oid)),
       exists (select from pg_catalog.pg_subscription_rel r where r.srrelid = c.oid),
       case c.relkind when 'v' then pg_catalog.pg_get_viewdef(c.oid) else
         (select pg_catalog.string_agg(pg_catalog.pg_get_expr(p.polqual, p.polrelid), ' ')
            from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polcmd in ('r', '*')) end
  from reached join pg_catalog.pg_class c on c.oid = reached.oid
  join pg_catalog.pg_namespace s on s.oid = c.relnamespace
  left join lateral (
    select t.oid, t.xmin, t.tgenabled, f.is_ours from pg_catalog.pg_trigger t,
           lateral (select t.tgfoid = pg_catalog.to_regprocedure($2)::pg_catalog.oid as is_ours) as f
     where t.tgrelid = c.oid and (f.is_ours or t.tgname = 'tidemill_live')
     order by f.is_ours and t.tgenabled in ('O', 'A') desc limit 1) as t on true
union all
select n, n, '-', '-', false, false, false, '', false, null from given where oid is null
order by 1)sql";

constexpr std::string_view kDuplicateObject = "42710";
constexpr const char* kLockTimeout = "100";  // ms

bool IsTrue(const sql::Field& field) { return field.text == "t"; }

}  // namespace

PostgresTables::PostgresTables(net::Loop& loop, sql::Database& database, Options options)
    : loop_(loop),
      database_(database),
      options_(std::move(options)),
      function_(sql::QuoteIdentifier(options_.postgres_schema) + ".tidemill_live_changed()") {}

Task<Result<Coverage>> PostgresTables::Cover(std::vector<std::string> names) {
  Coverage coverage;
  if (names.empty()) {
    coverage.why = "no table is known that it reads";
    co_return coverage;
  }
  TM_CO_TRY_ASSIGN(std::vector<Table> tables, co_await Find(names));
  bool created = false;
  for (const Table& table : tables) {
    if (!ShouldCreate(table)) continue;
    co_await Create(table);
    created = true;
  }
  if (created) {
    TM_CO_TRY_ASSIGN(tables, co_await Find(std::move(names)));
  }
  coverage.covered = true;
  for (Table& table : tables) {
    std::string why = WhyNotCovered(table);
    if (why.empty() && !table.followed() && table.kind != 'v') {
      why = WhyNoTrigger(table);
    }
    if (!why.empty() && std::exchange(coverage.covered, false)) coverage.why = std::move(why);
    if (coverage.why.empty() && table.trigger == 'O') {
      coverage.why = fmt::format(
          "what is written into {} with session_replication_role = replica is not noticed: "
          "its trigger is not ENABLE ALWAYS",
          table.name);
    }
    coverage.fingerprint += table.name + " " + table.fingerprint + "\n";
    coverage.tables.push_back(std::move(table.name));
  }
  co_return coverage;
}

Task<Result<std::vector<PostgresTables::Table>>> PostgresTables::Find(std::vector<std::string> names) {
  static const sql::Statement statement(kFind);
  // To compile it takes a second, and to run it a millisecond.
  static const auto settings = std::make_shared<const sql::LocalSettings>(sql::LocalSettings{{"jit", "off"}});
  const auto found = co_await database_.Run({.statement = statement,
                                             .parameters = {std::move(names), function_},
                                             .access = sql::Access::kRead,
                                             .settings = settings});
  if (!found) co_return std::unexpected(sql::ToError(found.error()));
  std::vector<Table> tables;
  for (std::size_t i = 0; i < found->rows.size(); ++i) {
    const sql::Row row = found->rows[i];
    tables.push_back({.name = std::string(row[0].text),
                      .quoted = std::string(row[1].text),
                      .kind = row[2].text.empty() ? '-' : row[2].text.front(),
                      .trigger = row[3].text.front(),
                      .may_create = IsTrue(row[4]),
                      .is_owner = IsTrue(row[5]),
                      .calls_functions = IsTrue(row[6]),
                      .fingerprint = std::string(row[7].text),
                      .replicated = IsTrue(row[8]),
                      .moving = FindMoving(row[9].text, sql::Dialect::kPostgres)});
  }
  co_return tables;
}

// What no trigger helps against; "": nothing.
std::string PostgresTables::WhyNotCovered(const Table& table) {
  switch (table.kind) {
    case '-': return fmt::format("there is no table {}", table.name);
    case 'm': return fmt::format("{} is a materialized view, which has no triggers", table.name);
    case 'f': return fmt::format("{} is a foreign table, which others write elsewhere", table.name);
    default: break;
  }
  // It fires triggers of rows alone (PostgreSQL documentation, "Logical Replication", "Architecture").
  if (table.replicated) return fmt::format("logical replication writes into {}", table.name);
  const std::string_view what = table.kind == 'v' ? "the view" : "a policy of";
  if (!table.moving.empty()) {
    return fmt::format("{} {} changes without a write, by {}", what, table.name, table.moving);
  }
  if (!table.calls_functions) return "";
  return fmt::format("{} {} calls functions, which may read other tables", what, table.name);
}

std::string PostgresTables::WhyNoTrigger(const Table& table) const {
  const std::string_view why = table.trigger != '-'        ? "one of its name is another's, or disabled"
                               : !options_.create_triggers ? "queries.live.create_triggers is false"
                               : table.may_create          ? "none could be made"
                                                           : "our role may not make one";
  return fmt::format("{} has no trigger of ours, and {}", table.name, why);
}

bool PostgresTables::ShouldCreate(const Table& table) const {
  if (table.trigger != '-' || table.kind == 'v') return false;
  if (!table.may_create || !options_.create_triggers || !WhyNotCovered(table).empty()) return false;
  const auto failed = retries_.find(table.name);
  return failed == retries_.end() || failed->second.at <= loop_.Now();
}

// Also for what is written with session_replication_role = replica (ENABLE ALWAYS), where our role may say
// so. Whether it has worked is looked at afterwards: another node may have been faster.
Task<void> PostgresTables::Create(const Table& table) {
  const sql::Statement::Options once{.reuse = sql::Reuse::kOnce, .parameter_oids = {}};
  std::vector<sql::Call> calls;
  calls.push_back(
      {.statement = sql::Statement(
           fmt::format("create trigger tidemill_live after insert or update or delete or truncate "
                       "on {} for each statement execute function {}",
                       table.quoted, function_),
           once)});
  calls.front().settings =
      std::make_shared<const sql::LocalSettings>(sql::LocalSettings{{"lock_timeout", kLockTimeout}});
  if (table.is_owner) {
    calls.push_back(
        {.statement = sql::Statement(
             fmt::format("alter table {} enable always trigger tidemill_live", table.quoted), once)});
  }
  const auto done = co_await database_.RunAll(std::move(calls));
  if (done) {
    retries_.erase(table.name);
    log::Info("queries.live_trigger_made", {{"table", table.name}});
  } else if (done.error().code != kDuplicateObject) {
    Retry& retry = retries_[table.name];
    retry.pause =
        retry.pause.ms == 0 ? options_.retry_pause : std::min(Duration{2 * retry.pause.ms}, kRetryPauseMax);
    retry.at = loop_.Now() + retry.pause;
    log::Warn("queries.live_trigger_not_made", {{"table", table.name}, {"why", done.error().message}});
  }
}

}  // namespace tidemill::queries::live
