// Migrations: the user's own, migrations/0001_orders.sql: in which order they are applied, and whether what
// was applied is still what the files say. Applying them is not done here. Functions of values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "queries/files/problem.h"

namespace tidemill::files {

struct Migration {
  std::uint32_t number = 0;  // from 1, without gaps
  std::string name;          // "orders"
  std::string path;          // "migrations/0001_orders.sql"
  std::string checksum;      // of its text, in hexadecimal digits
  friend bool operator==(const Migration&, const Migration&) = default;
};

struct MigrationProblem {
  std::string path;  // of the file; "": of none that is there
  Problem problem;
};

struct MigrationFile {
  std::string path;
  std::string checksum;
};
struct OrderedMigrations {
  std::vector<Migration> migrations;  // by number
  std::vector<MigrationProblem> problems;
};
// Names are digits, "_" and a name of a-z, 0-9 and _. Refused: other names, folders, two files with one
// number, a number that is left out. With problems none is to be applied.
OrderedMigrations OrderMigrations(std::vector<MigrationFile> files);

// What a database has noted of a migration that it has applied.
struct AppliedMigration {
  std::uint32_t number = 0;
  std::string name;
  std::string checksum;
};
// Files that were changed or taken away after they had been applied, and new ones below an applied number. A
// file with another name and the same text is the same migration. `migrations` in order, without problems.
std::vector<MigrationProblem> CheckApplied(const std::vector<Migration>& migrations,
                                           const std::vector<AppliedMigration>& applied);

}  // namespace tidemill::files
