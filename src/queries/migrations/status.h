// MigrationStatus: where each migration stands: its file beside what the database has noted.
//
// Values and functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "queries/files/file_set.h"
#include "queries/migrations/record.h"

namespace tidemill::migrations {

enum class MigrationState : std::uint8_t {
  kApplied,  //
  kPending,  // it is to be applied
  kRefused,  // it was changed, it comes too late, or something is wrong with its file
  kMissing,  // it was applied, and its file is gone
};

std::string_view Name(MigrationState state);

struct MigrationStatus {
  std::uint32_t number = 0;
  std::string name;
  std::string path;  // "": its file is gone
  MigrationState state = MigrationState::kApplied;
  std::string applied_at;  // "" where it is not applied
  std::string applied_by;
};

// In the order of their numbers.
std::vector<MigrationStatus> JudgeMigrations(const files::FileSet& set,
                                             const std::vector<RecordedMigration>& record);

// All that forbids applying any: what is wrong with the files of migrations, by themselves and as scripts,
// and with those that were applied. By path; path "": of a migration whose file is gone.
std::vector<files::FileProblem> FindProblems(const files::FileSet& set, sql::Dialect dialect,
                                             const std::vector<RecordedMigration>& record);

// As a person reads them, with file:line and a caret.
std::string DescribeProblems(const files::FileSet& set, const std::vector<files::FileProblem>& problems);

}  // namespace tidemill::migrations
