#include "queries/migrations/record.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace tidemill::migrations {
namespace {

using sql::Dialect;

constexpr std::string_view kName = "tidemill_migrations";

sql::Call Once(std::string text, sql::Parameters parameters = {}) {
  return {.statement = sql::Statement(std::move(text), {.reuse = sql::Reuse::kOnce, .parameter_oids = {}}),
          .parameters = std::move(parameters)};
}

std::string Table(Dialect dialect, const sql::SchemaOptions& options) {
  if (dialect == Dialect::kSqlite) return std::string(kName);
  return fmt::format("{}.{}", sql::QuoteIdentifier(options.postgres_schema), kName);
}

}  // namespace

sql::Call RecordExists(Dialect dialect, const sql::SchemaOptions& options) {
  return Once(dialect == Dialect::kPostgres
                  ? "select to_regclass($1) is not null"
                  : "select exists (select 1 from sqlite_schema where type = 'table' and name = ?1)",
              {Table(dialect, options)});
}

std::vector<sql::Call> CreateRecord(Dialect dialect, const sql::SchemaOptions& options) {
  constexpr std::string_view kColumns =
      "  number integer primary key,\n"
      "  name text not null,\n"
      "  checksum text not null,\n"
      "  applied_at {},\n"
      "  applied_by text not null\n";
  const std::string table = Table(dialect, options);
  if (dialect == Dialect::kSqlite) {
    return {Once(
        fmt::format("create table {} (\n{}) strict", table,
                    fmt::format(kColumns, "text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))")))};
  }
  return {Once("create schema if not exists " + sql::QuoteIdentifier(options.postgres_schema)),
          Once(fmt::format("create table {} (\n{})", table,
                           fmt::format(kColumns, "timestamptz not null default now()")))};
}

sql::Call SelectRecord(Dialect dialect, const sql::SchemaOptions& options) {
  return Once(fmt::format("select number, name, checksum, applied_at, applied_by from {} order by number",
                          Table(dialect, options)));
}

std::vector<RecordedMigration> ToRecord(const sql::Rows& rows) {
  std::vector<RecordedMigration> record;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const sql::Row row = rows[i];
    record.push_back({.migration = {.number = static_cast<std::uint32_t>(row[0].AsInteger().value_or(0)),
                                    .name = std::string(row[1].text),
                                    .checksum = std::string(row[2].text)},
                      .applied_at = std::string(row[3].text),
                      .applied_by = std::string(row[4].text)});
  }
  return record;
}

sql::Call InsertRecord(Dialect dialect, const sql::SchemaOptions& options,
                       const files::Migration& migration) {
  const std::string_view values = dialect == Dialect::kPostgres ? "$1, $2, $3, $4" : "?1, ?2, ?3, ?4";
  return Once(fmt::format("insert into {} (number, name, checksum, applied_by) values ({})",
                          Table(dialect, options), values),
              {std::int64_t{migration.number}, migration.name, migration.checksum, options.applied_by});
}

Task<sql::Result<std::vector<RecordedMigration>>> ReadRecord(sql::Database& database,
                                                             sql::SchemaOptions options) {
  const Dialect dialect = database.dialect();
  sql::Call exists = RecordExists(dialect, options);
  exists.access = sql::Access::kRead;
  TM_CO_TRY_ASSIGN(const sql::RunResult there, co_await database.Run(std::move(exists)));
  TM_CO_TRY_ASSIGN(const bool found, there.rows[0][0].AsBoolean());
  if (!found) co_return std::vector<RecordedMigration>{};
  sql::Call select = SelectRecord(dialect, options);
  select.access = sql::Access::kRead;
  TM_CO_TRY_ASSIGN(const sql::RunResult rows, co_await database.Run(std::move(select)));
  co_return ToRecord(rows.rows);
}

}  // namespace tidemill::migrations
