#include "queries/live/postgres_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "base/ascii.h"
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
), kin(oid) as (
  select oid from given where n = $3::pg_catalog.text and oid is not null
  union
  select i.inhrelid from kin join pg_catalog.pg_inherits i on i.inhparent = kin.oid
), family(oid) as (
  select oid from kin
  union
  select i.inhparent from family join pg_catalog.pg_inherits i on i.inhrelid = family.oid
), others(oid) as (
  select oid from given where n <> $3::pg_catalog.text and oid is not null
  union
  select next.oid from others, lateral (
    select i.inhrelid as oid from pg_catalog.pg_inherits i where i.inhparent = others.oid
    union all
    select i.inhparent from pg_catalog.pg_inherits i where i.inhrelid = others.oid
    union all
    select d.refobjid from pg_catalog.pg_policy p
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
       and d.objid = p.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
     where p.polrelid = others.oid
    union all
    select d.refobjid from pg_catalog.pg_rewrite r
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
       and d.objid = r.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
     where r.ev_class = others.oid) as next
)
select s.nspname || '.' || c.relname, pg_catalog.format('%I.%I', s.nspname, c.relname),
       c.relkind::pg_catalog.text,
       coalesce(t.lines, ''),
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
       pg_catalog.concat_ws(' ', c.oid, c.xmin, t.marks, k.xmin,
         (select pg_catalog.string_agg(p.oid || ':' || p.xmin::pg_catalog.text, ',' order by p.oid)
            from pg_catalog.pg_policy p where p.polrelid = c.oid),
         (select pg_catalog.string_agg(r.oid || ':' || r.xmin::pg_catalog.text, ',' order by r.oid)
            from pg_catalog.pg_rewrite r where r.ev_class = c.oid)),
       exists (select from pg_catalog.pg_subscription_rel r where r.srrelid = c.oid),
       case c.relkind when 'v' then pg_catalog.pg_get_viewdef(c.oid) else
         (select pg_catalog.string_agg(pg_catalog.pg_get_expr(p.polqual, p.polrelid), ' ')
            from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polcmd in ('r', '*')) end,
       c.oid in (select oid from family), c.oid in (select oid from others),
       case when k.attgenerated = '' and coalesce(l.collisdeterministic, true)
         then k.atttypid::pg_catalog.int8 end
  from reached join pg_catalog.pg_class c on c.oid = reached.oid
  join pg_catalog.pg_namespace s on s.oid = c.relnamespace
  left join pg_catalog.pg_attribute k on k.attrelid = c.oid and k.attname = $4::pg_catalog.text
   and k.attnum > 0 and not k.attisdropped and c.oid in (select oid from family)
  left join pg_catalog.pg_collation l on l.oid = k.attcollation
  left join lateral (
    select pg_catalog.string_agg(t.oid || ':' || t.xmin::pg_catalog.text, ',' order by t.oid) as marks,
           pg_catalog.string_agg(pg_catalog.concat_ws(' ', f.is_ours, t.tgenabled, t.tgtype,
             (t.tgqual is null and t.tgattr::pg_catalog.text = '')::pg_catalog.int4,
             (t.tgoldtable is not null)::pg_catalog.int4, (t.tgnewtable is not null)::pg_catalog.int4,
             case when p.proname = 'tidemill_live_changed' then ''
               else pg_catalog.encode(t.tgargs, 'escape') end), E'\n' order by t.oid) as lines
      from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid,
           lateral (select (p.proname ~ '^tidemill_live_changed(_|$)' and exists (
             select from pg_catalog.pg_namespace o where o.oid = p.pronamespace and o.nspname = $2))
             ::pg_catalog.int4 as is_ours) as f
     where t.tgrelid = c.oid and (f.is_ours = 1 or t.tgname = 'tidemill_live')) as t on true
union all
select n, n, '-', '', false, false, false, '', false, null, false, false, null
  from given where oid is null
order by 1)sql";

constexpr const char* kLockTimeout = "100";  // ms

bool IsTrue(const sql::Field& field) { return field.text == "t"; }

}  // namespace

PostgresTables::PostgresTables(net::Loop& loop, sql::Database& database, Options options)
    : loop_(loop),
      database_(database),
      options_(std::move(options)),
      follow_("select " + sql::QuoteIdentifier(options_.postgres_schema) +
              ".tidemill_live_follow($1::pg_catalog.text::pg_catalog.regclass, $2)") {}

Task<Result<Coverage>> PostgresTables::Cover(std::vector<std::string> names, std::optional<KeyColumn> key) {
  if (names.empty()) co_return Coverage{.why = "no table is known that it reads"};
  TM_CO_TRY_ASSIGN(std::vector<Table> tables, co_await Find(names, key));
  const std::string why_not_keyed = WhyNotKeyed(tables, key);
  const std::string column = key && why_not_keyed.empty() ? key->column : "";
  bool created = false;
  for (const Table& table : tables) {
    std::vector<std::string> columns = table.triggers.columns;
    const bool tells = !table.family || column.empty() || std::ranges::binary_search(columns, column);
    if (!tells) columns.insert(std::ranges::upper_bound(columns, column), column);
    if (!ShouldCreate(table, tells, columns.size())) continue;
    co_await Create(table, std::move(columns));
    created = true;
  }
  if (created) {
    TM_CO_TRY_ASSIGN(tables, co_await Find(std::move(names), key));
  }
  Coverage coverage = CoverageOf(tables);
  coverage.why_not_keyed = why_not_keyed;
  if (coverage.covered && !column.empty()) NameKeyed(tables, column, coverage);
  co_return coverage;
}

Coverage PostgresTables::CoverageOf(const std::vector<Table>& tables) const {
  Coverage coverage{.covered = true, .why = {}, .tables = {}};
  for (const Table& table : tables) {
    std::string why = WhyNotCovered(table);
    if (why.empty() && !table.followed() && table.kind != 'v') why = WhyNoTrigger(table);
    if (!why.empty() && std::exchange(coverage.covered, false)) coverage.why = std::move(why);
    if (coverage.why.empty() && table.followed() && !table.triggers.always) {
      coverage.why = fmt::format(
          "what is written into {} with session_replication_role = replica is not noticed: "
          "its trigger is not ENABLE ALWAYS",
          table.name);
    }
    coverage.fingerprint += table.name + " " + table.fingerprint + "\n";
    coverage.tables.push_back(table.name);
  }
  return coverage;
}

// All that a row of the table can be written through has to tell.
void PostgresTables::NameKeyed(const std::vector<Table>& tables, const std::string& column,
                               Coverage& coverage) const {
  for (const Table& table : tables) {
    if (!table.family) continue;
    if (!std::ranges::binary_search(table.triggers.columns, column)) {
      coverage.keyed.clear();
      coverage.why_not_keyed = WhyNotTold(table, column);
      return;
    }
    coverage.keyed.push_back(table.name);
  }
}

// Whatever its triggers tell; "": nothing.
std::string PostgresTables::WhyNotKeyed(const std::vector<Table>& tables,
                                        const std::optional<KeyColumn>& key) {
  if (!key) return "";
  bool found = false;
  for (const Table& table : tables) {
    if (!table.family) continue;
    found = true;
    if (table.kind != 'r' && table.kind != 'p') return fmt::format("{} is no table", table.name);
    if (table.other) return fmt::format("{} is read in another way, too", table.name);
    if (table.key_oid != key->oid) {
      return fmt::format("{} of {} is not what it was when the query was described", key->column, table.name);
    }
    if (ToLower(table.rule).contains("select")) {
      return fmt::format("a policy of {} looks at other rows", table.name);
    }
  }
  return found ? "" : fmt::format("there is no table {}", key->table);
}

Task<Result<std::vector<PostgresTables::Table>>> PostgresTables::Find(std::vector<std::string> names,
                                                                      std::optional<KeyColumn> key) {
  static const sql::Statement statement(kFind);
  // To compile it takes a second, and to run it a millisecond.
  static const auto settings = std::make_shared<const sql::LocalSettings>(sql::LocalSettings{{"jit", "off"}});
  sql::Parameters parameters = {std::move(names), options_.postgres_schema, sql::Null{}, sql::Null{}};
  if (key) {
    parameters[2] = key->table;
    parameters[3] = key->column;
  }
  const auto found = co_await database_.Run({.statement = statement,
                                             .parameters = std::move(parameters),
                                             .access = sql::Access::kRead,
                                             .settings = settings});
  if (!found) co_return std::unexpected(sql::ToError(found.error()));
  std::vector<Table> tables;
  for (std::size_t i = 0; i < found->rows.size(); ++i) {
    const sql::Row row = found->rows[i];
    tables.push_back({.name = std::string(row[0].text),
                      .quoted = std::string(row[1].text),
                      .kind = row[2].text.empty() ? '-' : row[2].text.front(),
                      .triggers = LiveTriggers::Parse(row[3].text),
                      .may_create = IsTrue(row[4]),
                      .is_owner = IsTrue(row[5]),
                      .calls_functions = IsTrue(row[6]),
                      .fingerprint = std::string(row[7].text),
                      .replicated = IsTrue(row[8]),
                      .rule = std::string(row[9].text),
                      .family = IsTrue(row[10]),
                      .other = IsTrue(row[11]),
                      .key_oid = static_cast<std::uint32_t>(row[12].AsInteger().value_or(0))});
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
  if (const std::string moving = FindMoving(table.rule, sql::Dialect::kPostgres); !moving.empty()) {
    return fmt::format("{} {} changes without a write, by {}", what, table.name, moving);
  }
  if (!table.calls_functions) return "";
  return fmt::format("{} {} calls functions, which may read other tables", what, table.name);
}

std::string PostgresTables::WhyNoTrigger(const Table& table) const {
  const std::string_view why = table.triggers.state != LiveTriggers::State::kNone
                                   ? "one of its name is another's, or disabled"
                               : !options_.create_triggers ? "queries.live.create_triggers is false"
                               : table.may_create          ? "none could be made"
                                                           : "our role may not make one";
  return fmt::format("{} has no trigger of ours, and {}", table.name, why);
}

std::string PostgresTables::WhyNotTold(const Table& table, const std::string& column) const {
  const bool many = table.triggers.columns.size() >= kKeyColumnsMax;
  const std::string_view why = !options_.create_triggers ? "queries.live.create_triggers is false"
                               : many                    ? "they tell of as many others as they may"
                               : !table.is_owner         ? "only the table's owner may replace them"
                                                         : "they could not be replaced";
  return fmt::format("the triggers of {} do not tell of {}, and {}", table.name, column, why);
}

// Of a table that has no triggers, or whose triggers are ours and do not tell of the key: only its owner may
// replace them. Tables that have what is needed are left alone.
bool PostgresTables::ShouldCreate(const Table& table, bool tells, std::size_t columns) const {
  if (table.kind == 'v' || !options_.create_triggers || !WhyNotCovered(table).empty()) return false;
  const bool none = table.triggers.state == LiveTriggers::State::kNone;
  const bool replaces = table.followed() && !tells && table.is_owner && columns <= kKeyColumnsMax;
  if (!replaces && !(none && table.may_create)) return false;
  const auto failed = retries_.find(table.name);
  return failed == retries_.end() || failed->second.at <= loop_.Now();
}

// Also for what is written with session_replication_role = replica (ENABLE ALWAYS), where our role may say
// so. Whether it has worked is looked at afterwards: another node may have been faster.
Task<void> PostgresTables::Create(const Table& table, std::vector<std::string> columns) {
  static const auto settings =
      std::make_shared<const sql::LocalSettings>(sql::LocalSettings{{"lock_timeout", kLockTimeout}});
  const auto done = co_await database_.Run(
      {.statement = follow_, .parameters = {table.quoted, columns}, .settings = settings});
  if (done) {
    retries_.erase(table.name);
    log::Info("queries.live_trigger_made",
              {{"table", table.name}, {"keys", fmt::to_string(fmt::join(columns, ","))}});
  } else {
    Retry& retry = retries_[table.name];
    retry.pause =
        retry.pause.ms == 0 ? options_.retry_pause : std::min(Duration{2 * retry.pause.ms}, kRetryPauseMax);
    retry.at = loop_.Now() + retry.pause;
    log::Warn("queries.live_trigger_not_made", {{"table", table.name}, {"why", done.error().message}});
  }
}

}  // namespace tidemill::queries::live
