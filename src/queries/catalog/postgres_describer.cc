#include "queries/catalog/postgres_describer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "queries/catalog/policy_claims.h"
#include "queries/catalog/postgres_live_key.h"
#include "queries/catalog/words_of.h"

namespace tidemill::queries {
namespace {

using files::Problem;

constexpr const char* kFindType = "select pg_catalog.to_regtype($1)::pg_catalog.oid::pg_catalog.int8";

constexpr const char* kColumnFacts = R"sql(
select a.attrelid::pg_catalog.int8, a.attnum::pg_catalog.int8,
       a.attnotnull or (t.typtype = 'd' and t.typnotnull),
       coalesce(pg_catalog.col_description(a.attrelid, a.attnum), '')
  from unnest($1::pg_catalog.int8[], $2::pg_catalog.int8[]) as wanted(relation, number)
  join pg_catalog.pg_attribute a on a.attrelid = wanted.relation::pg_catalog.oid and a.attnum = wanted.number
  join pg_catalog.pg_type t on t.oid = a.atttypid)sql";

// What the function below uses: tables and views, what these use too, and a row of '' if it calls functions
// that may use others. Those of PostgreSQL itself are not among what is recorded.
constexpr const char* kUsedTables = R"sql(
with recursive described as (
  select 'pg_temp.tidemill_describe'::pg_catalog.regproc::pg_catalog.oid as oid
), used(oid) as (
  select d.refobjid from pg_catalog.pg_depend d, described
   where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = described.oid
     and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  union
  select d.refobjid from used
    join pg_catalog.pg_rewrite r on r.ev_class = used.oid
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
     and d.objid = r.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
)
select n.nspname::pg_catalog.text, c.relname::pg_catalog.text
  from used join pg_catalog.pg_class c on c.oid = used.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'f', 'm', 'v')
union all
select '', '' where exists (
  select from pg_catalog.pg_depend d, pg_catalog.pg_proc p, described
   where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = described.oid
     and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and p.oid = d.refobjid
     and p.provolatile <> 'i'))sql";

// What a write to the tables of $1 changes: those behind views, partitions and their parents, and with $2
// those whose foreign keys follow what is deleted or updated. And whether triggers or rules of theirs may
// change others: one of ours only notes that there was a write.
constexpr const char* kChangedTables = R"sql(
with recursive changed(oid) as (
  select c.oid from unnest($1::pg_catalog.text[]) as named(name)
    join pg_catalog.pg_class c on true
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     and n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text = named.name
  union
  select also.oid from changed, lateral (
    select i.inhparent from pg_catalog.pg_inherits i where i.inhrelid = changed.oid
    union all
    select i.inhrelid from pg_catalog.pg_inherits i where i.inhparent = changed.oid
    union all
    select k.conrelid from pg_catalog.pg_constraint k
     where $2 and k.contype = 'f' and k.confrelid = changed.oid
       and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))
    union all
    select d.refobjid from pg_catalog.pg_rewrite r
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
       and d.objid = r.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
     where r.ev_class = changed.oid) as also(oid)
)
select n.nspname::pg_catalog.text, c.relname::pg_catalog.text,
       exists (select from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
                where t.tgrelid = c.oid and not t.tgisinternal
                  and p.proname !~ '^tidemill_live_changed(_[0-9a-f]+)?$')
       or exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_type <> '1')
  from changed join pg_catalog.pg_class c on c.oid = changed.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'f', 'v'))sql";

// Policies of these tables that choose among the rows that are read.
constexpr const char* kPolicies = R"sql(
select p.polname::pg_catalog.text, wanted.name, pg_catalog.pg_get_expr(p.polqual, p.polrelid)
  from unnest($1::pg_catalog.text[]) as wanted(name)
  join pg_catalog.pg_class c on c.relrowsecurity
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   and n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text = wanted.name
  join pg_catalog.pg_policy p on p.polrelid = c.oid and p.polcmd in ('r', '*') and p.polqual is not null
 order by 2, 1)sql";

sql::Call Read(const sql::Statement& statement, sql::Parameters parameters) {
  return {.statement = statement, .parameters = std::move(parameters), .access = sql::Access::kRead};
}

void SortOnce(std::vector<std::string>& names) {
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
}

// The table of `used` that is meant by "orders" or "public.orders".
std::string FullName(const std::string& written, const std::vector<std::string>& used) {
  for (const std::string& each : used) {
    if (each == written || each.ends_with("." + written)) return each;
  }
  return written;
}

using Outcome = std::expected<void, NotDescribed>;
// By name; 0: the database has no such type.
using KnownTypes = std::map<std::string, std::uint32_t>;

// A cached answer is shared by callers that agree in the claims of its scope.
NotDescribed OutOfScope(std::string_view policy, std::string_view table, const std::string& claim,
                        const std::vector<std::string>& scope) {
  return Problem{
      .kind = files::ProblemKind::kContradiction,
      .message = fmt::format("@cache scope={}: the policy \"{}\" of {} looks at the claim {} too, so "
                             "that callers would get rows of one another",
                             fmt::join(scope, ","), policy, table, claim),
      .hint = fmt::format("-- @cache … scope={},{}", fmt::join(scope, ","), claim)};
}

NotDescribed NoSuchType(const files::Parameter& parameter) {
  return Problem{.kind = files::ProblemKind::kParameter,
                 .where = parameter.where,
                 .message = fmt::format("the database has no type {}", parameter.type)};
}

// One query, step by step.
class Description {
 public:
  Description(sql::Database& database, KnownTypes& types, std::shared_ptr<const files::File> file,
              const files::Query& query)
      : database_(database), types_(types) {
    endpoint_.file = std::move(file);
    endpoint_.query = &query;
    endpoint_.parameters.resize(query.parameters.size());
    // A function that a SELECT calls may write: only what must be safe is held to it.
    const bool reads = query.route.method == files::Method::kGet;
    endpoint_.access = reads ? sql::Access::kRead : sql::Access::kWrite;
  }
  Description(const Description&) = delete;
  Description& operator=(const Description&) = delete;

  Task<Outcome> Make() {
    TM_CO_TRY(co_await FindDeclaredTypes());
    for (const files::QueryStatement& statement : endpoint_.query->statements) {
      TM_CO_TRY(co_await Describe(statement));
    }
    TM_CO_TRY(co_await FindColumnFacts());
    for (const EndpointStatement& statement : endpoint_.statements) {
      TM_CO_TRY(co_await FindTables(statement));
    }
    TM_CO_TRY(co_await FindChangedTables());
    SortOnce(endpoint_.reads);
    SortOnce(endpoint_.writes);
    TM_CO_TRY(co_await FindLiveKey(database_, endpoint_));
    const auto& cache = endpoint_.query->cache;
    if (cache && !cache->scope.empty()) {
      TM_CO_TRY(co_await CheckPolicies(cache->scope));
    }
    co_return Outcome();
  }
  Endpoint Take() { return std::move(endpoint_); }

 private:
  Task<Outcome> FindDeclaredTypes() {
    for (const files::Parameter& parameter : endpoint_.query->parameters) {
      std::uint32_t oid = 0;
      if (!parameter.type.empty()) {
        TM_CO_TRY_ASSIGN(oid, co_await FindType(parameter.type));
        if (oid == 0) co_return std::unexpected(NoSuchType(parameter));
      }
      oids_.push_back(oid);
    }
    co_return Outcome();
  }

  Task<std::expected<std::uint32_t, NotDescribed>> FindType(std::string name) {
    if (const auto found = types_.find(name); found != types_.end()) co_return found->second;
    static const sql::Statement statement(kFindType);
    const auto result = co_await database_.Run(Read(statement, {name}));
    if (!result && IsAway(result.error())) co_return std::unexpected(result.error());
    std::uint32_t oid = 0;
    if (result && !result->rows.empty()) {
      oid = static_cast<std::uint32_t>(result->rows[0][0].AsInteger().value_or(0));
    }
    types_[name] = oid;
    co_return oid;
  }

  // A parameter whose type one statement has shown has it in the others.
  Task<Outcome> Describe(const files::QueryStatement& statement) {
    sql::Statement::Options options;
    for (const std::size_t parameter : statement.parameters) {
      options.parameter_oids.push_back(oids_[parameter]);
    }
    const sql::Statement prepared(statement.sql.text, std::move(options));
    auto described = co_await database_.Describe(prepared);
    if (!described) {
      co_return std::unexpected(WhyNotDescribed(*endpoint_.file, statement, described.error()));
    }
    for (std::size_t i = 0; i < statement.parameters.size(); ++i) {
      const auto& type = described->parameters[i];
      endpoint_.parameters[statement.parameters[i]].type = type;
      oids_[statement.parameters[i]] = type->oid;
    }
    endpoint_.statements.push_back({.sql = prepared, .parameters = statement.parameters});
    origins_ = std::move(described->columns);
    endpoint_.columns.clear();
    for (const sql::Column& column : origins_) {
      endpoint_.columns.push_back({.name = column.name, .type = column.type, .nullable = true, .doc = {}});
    }
    co_return Outcome();
  }

  // What is known of the tables' columns that the result's come from.
  Task<Outcome> FindColumnFacts() {
    std::vector<std::int64_t> tables;
    std::vector<std::int64_t> attributes;
    for (const sql::Column& column : origins_) {
      if (column.table_oid == 0) continue;
      tables.push_back(column.table_oid);
      attributes.push_back(column.attribute);
    }
    if (tables.empty()) co_return Outcome();
    static const sql::Statement statement(kColumnFacts);
    const auto facts = co_await database_.Run(Read(statement, {std::move(tables), std::move(attributes)}));
    if (!facts) co_return std::unexpected(facts.error());
    const bool keeps = KeepsNotNull(endpoint_.statements.back().sql.text(), sql::Dialect::kPostgres);
    for (std::size_t i = 0; i < facts->rows.size(); ++i) Note(facts->rows[i], keeps);
    co_return Outcome();
  }

  void Note(const sql::Row& fact, bool keeps_not_null) {
    for (std::size_t i = 0; i < origins_.size(); ++i) {
      if (fact[0].AsInteger() != origins_[i].table_oid || fact[1].AsInteger() != origins_[i].attribute)
        continue;
      endpoint_.columns[i].nullable = !keeps_not_null || fact[2].text != "t";
      endpoint_.columns[i].doc = fact[3].text;
    }
  }

  // By a function of which PostgreSQL notes what it uses, as it does of a view; it is never kept.
  Task<Outcome> FindTables(const EndpointStatement& statement) {
    auto transaction = co_await database_.Begin({});
    if (!transaction) co_return std::unexpected(transaction.error());
    auto used = co_await UsedTables(**transaction, statement);
    co_await (*transaction)->Rollback();
    if (!used && IsAway(used.error())) co_return std::unexpected(used.error());
    std::vector<std::string> tables;
    if (used) tables = *std::move(used);
    if (!used || std::erase(tables, ".") > 0) endpoint_.knows_tables = false;
    for (const std::string& written : WrittenTables(statement.sql.text(), sql::Dialect::kPostgres)) {
      endpoint_.writes.push_back(FullName(written, tables));
    }
    endpoint_.reads.insert(endpoint_.reads.end(), tables.begin(), tables.end());
    co_return Outcome();
  }

  Task<Outcome> FindChangedTables() {
    if (endpoint_.writes.empty()) co_return Outcome();
    const std::vector<std::string> kFollowed = {"delete", "merge", "truncate", "update"};
    const bool may_follow = std::ranges::any_of(endpoint_.statements, [&](const EndpointStatement& each) {
      return Mentions(each.sql.text(), sql::Dialect::kPostgres, kFollowed);
    });
    static const sql::Statement statement(kChangedTables);
    const auto changed = co_await database_.Run(Read(statement, {endpoint_.writes, may_follow}));
    if (!changed) co_return std::unexpected(changed.error());
    for (std::size_t i = 0; i < changed->rows.size(); ++i) {
      const sql::Row row = changed->rows[i];
      endpoint_.writes.push_back(fmt::format("{}.{}", row[0].text, row[1].text));
      if (row[2].text == "t") endpoint_.knows_tables = false;
    }
    co_return Outcome();
  }

  Task<Outcome> CheckPolicies(std::vector<std::string> scope) {
    if (endpoint_.reads.empty()) co_return Outcome();
    static const sql::Statement statement(kPolicies);
    const auto policies = co_await database_.Run(Read(statement, {endpoint_.reads}));
    if (!policies) co_return std::unexpected(policies.error());
    for (std::size_t i = 0; i < policies->rows.size(); ++i) {
      const sql::Row row = policies->rows[i];
      for (const std::string& claim : ClaimsIn(row[2].text)) {
        if (std::ranges::find(scope, claim) != scope.end()) continue;
        co_return std::unexpected(OutOfScope(row[0].text, row[1].text, claim, scope));
      }
    }
    co_return Outcome();
  }

  Task<sql::Result<std::vector<std::string>>> UsedTables(sql::Transaction& transaction,
                                                         const EndpointStatement& statement) {
    std::string types;
    for (const std::size_t parameter : statement.parameters) {
      types += (types.empty() ? "" : ", ") + endpoint_.parameters[parameter].type->name;
    }
    std::string create = fmt::format(
        "create function pg_temp.tidemill_describe({}) returns void language sql begin atomic\n{}\n; end",
        types, statement.sql.text());
    const sql::Statement once(std::move(create), {.reuse = sql::Reuse::kOnce, .parameter_oids = {}});
    TM_CO_TRY(co_await transaction.Run({.statement = once}));
    static const sql::Statement select(kUsedTables);
    TM_CO_TRY_ASSIGN(const sql::RunResult used, co_await transaction.Run({.statement = select}));
    std::vector<std::string> tables;
    for (std::size_t i = 0; i < used.rows.size(); ++i) {
      tables.push_back(fmt::format("{}.{}", used.rows[i][0].text, used.rows[i][1].text));
    }
    co_return tables;
  }

  sql::Database& database_;
  KnownTypes& types_;
  Endpoint endpoint_;
  std::vector<std::uint32_t> oids_;  // of the parameters; 0: not known yet
  sql::Columns origins_;             // of the last statement
};

class PostgresDescriber final : public Describer {
 public:
  explicit PostgresDescriber(sql::Database& database) : database_(database) {}

  Task<std::expected<Endpoint, NotDescribed>> Describe(std::shared_ptr<const files::File> file,
                                                       const files::Query& query) override {
    Description description(database_, types_, std::move(file), query);
    TM_CO_TRY(co_await description.Make());
    co_return description.Take();
  }

 private:
  sql::Database& database_;
  KnownTypes types_;
};

}  // namespace

std::unique_ptr<Describer> MakePostgresDescriber(sql::Database& database) {
  return std::make_unique<PostgresDescriber>(database);
}

}  // namespace tidemill::queries
