#include "sql/schema/schema.h"

#include <fmt/format.h>

#include <bit>

namespace tidemill::sql {
namespace {

// http://www.isthe.com/chongo/tech/comp/fnv/: the parameters of 64 bits.
constexpr std::uint64_t kFnvOffset = 0xcbf29ce484222325;
constexpr std::uint64_t kFnvPrime = 0x100000001b3;

void Mix(std::string_view bytes, std::uint64_t& hash) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
}

// Doubled inside.
std::string InQuotes(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) quoted.append(c == quote ? 2 : 1, c);
  return quoted + quote;
}

}  // namespace

const SchemaStatements& StatementsOf(const SchemaVersion& version, Dialect dialect) {
  return dialect == Dialect::kPostgres ? version.postgres : version.sqlite;
}

std::string ChecksumOf(const SchemaVersion& version, Dialect dialect) {
  std::uint64_t hash = kFnvOffset;
  for (const std::string_view statement : StatementsOf(version, dialect)) {
    Mix(statement, hash);
    Mix(";", hash);
  }
  return fmt::format("{:016x}", hash);
}

std::string QuoteIdentifier(std::string_view name) { return InQuotes(name, '"'); }
std::string QuoteLiteral(std::string_view text) { return InQuotes(text, '\''); }

std::string SchemaTable(Dialect dialect, const SchemaOptions& options) {
  if (dialect == Dialect::kSqlite) return "tidemill_schema";
  return QuoteIdentifier(options.postgres_schema) + ".tidemill_schema";
}

std::vector<std::string> CreateSchemaTable(Dialect dialect, const SchemaOptions& options) {
  if (dialect == Dialect::kSqlite) {
    return {
        "create table if not exists tidemill_schema (\n"
        "  module text not null,\n"
        "  version integer not null,\n"
        "  checksum text not null,\n"
        "  applied_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),\n"
        "  applied_by text not null,\n"
        "  primary key (module, version)\n"
        ") strict"};
  }
  return {"create schema if not exists " + QuoteIdentifier(options.postgres_schema),
          "create table if not exists " + SchemaTable(dialect, options) +
              " (\n"
              "  module text not null,\n"
              "  version integer not null,\n"
              "  checksum text not null,\n"
              "  applied_at timestamptz not null default now(),\n"
              "  applied_by text not null,\n"
              "  primary key (module, version)\n"
              ")"};
}

std::int64_t SchemaLockKey(const SchemaOptions& options) {
  std::uint64_t hash = kFnvOffset;
  Mix("tidemill_schema ", hash);
  Mix(options.postgres_schema, hash);
  return std::bit_cast<std::int64_t>(hash);
}

}  // namespace tidemill::sql
