// Schema: the tables of one of our modules, as versions that follow each other.
//
// A version is never changed once it is released: what is wrong in it the next one mends. There is no way
// back. Statements stand one by one, without semicolons, in both dialects; tables are named without a schema,
// which is searched first (Postgres: storage.postgres.schema). What is applied is recorded in the table
// tidemill_schema. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sql/database.h"

namespace tidemill::sql {

using SchemaStatements = std::vector<std::string_view>;

struct SchemaVersion {
  SchemaStatements postgres;
  SchemaStatements sqlite;
};

struct Schema {
  std::string_view module;              // "jobs": letters of a to z, digits and _
  std::vector<SchemaVersion> versions;  // the first is version 1
};

struct SchemaOptions {
  std::string postgres_schema = "tidemill";
  std::string applied_by;                // our version, for whoever reads the table
  Duration patience = Minutes(5);        // while another node holds the lock
  Duration statement_max = Minutes(60);  // of one statement of a version
};

const SchemaStatements& StatementsOf(const SchemaVersion& version, Dialect dialect);

// 16 hexadecimal digits of the statements: FNV-1a of 64 bits.
std::string ChecksumOf(const SchemaVersion& version, Dialect dialect);

// In double quotes.
std::string QuoteIdentifier(std::string_view name);
// In single quotes; a backslash stands for itself (Postgres: standard_conforming_strings).
std::string QuoteLiteral(std::string_view text);

// The table's name with its schema.
std::string SchemaTable(Dialect dialect, const SchemaOptions& options);
// Makes the schema and the table.
std::vector<std::string> CreateSchemaTable(Dialect dialect, const SchemaOptions& options);
// Of Postgres' advisory lock: one for each schema.
std::int64_t SchemaLockKey(const SchemaOptions& options);

}  // namespace tidemill::sql
