#include "sql/schema/print_schema.h"

#include <fmt/format.h>

namespace tidemill::sql {
namespace {

void AppendBegin(Dialect dialect, const SchemaOptions& options, std::string& out) {
  if (dialect == Dialect::kSqlite) {
    out += "begin immediate;\n";
    return;
  }
  out += fmt::format("begin;\nselect pg_advisory_xact_lock({});\n", SchemaLockKey(options));
}

}  // namespace

std::string PrintSchema(const Schema& schema, Dialect dialect, const SchemaOptions& options,
                        std::uint32_t after) {
  const bool postgres = dialect == Dialect::kPostgres;
  std::string out = fmt::format("-- Tidemill {}: module {}, for {}\n", options.applied_by, schema.module,
                                postgres ? "psql" : "sqlite3");
  out += postgres ? "\\set ON_ERROR_STOP on\n" : ".bail on\n";
  AppendBegin(dialect, options, out);
  if (postgres) out += "set local client_min_messages to warning;\n";  // that something is there already
  for (const std::string& text : CreateSchemaTable(dialect, options)) out += text + ";\n";
  out += "commit;\n";
  for (std::uint32_t version = after + 1; version <= schema.versions.size(); ++version) {
    const SchemaVersion& content = schema.versions[version - 1];
    out += fmt::format("\n-- version {}\n", version);
    AppendBegin(dialect, options, out);
    // First: who has it already stops here.
    out += fmt::format("insert into {} (module, version, checksum, applied_by) values ({}, {}, '{}', {});\n",
                       SchemaTable(dialect, options), QuoteLiteral(schema.module), version,
                       ChecksumOf(content, dialect), QuoteLiteral(options.applied_by));
    if (postgres) {
      out += fmt::format("set local search_path to {};\n", QuoteIdentifier(options.postgres_schema));
    }
    for (const std::string_view text : StatementsOf(content, dialect)) out += fmt::format("{};\n", text);
    out += "commit;\n";
  }
  return out;
}

}  // namespace tidemill::sql
