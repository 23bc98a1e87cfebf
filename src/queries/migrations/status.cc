#include "queries/migrations/status.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "queries/migrations/script.h"

namespace tidemill::migrations {
namespace {

std::vector<files::AppliedMigration> ToApplied(const std::vector<RecordedMigration>& record) {
  std::vector<files::AppliedMigration> applied;
  for (const RecordedMigration& row : record) applied.push_back(row.migration);
  return applied;
}

std::vector<files::FileProblem> FindChanges(const files::FileSet& set,
                                            const std::vector<RecordedMigration>& record) {
  std::vector<files::FileProblem> found;
  for (files::MigrationProblem& problem : files::CheckApplied(set.migrations, ToApplied(record))) {
    found.push_back({.path = std::move(problem.path), .problem = std::move(problem.problem)});
  }
  return found;
}

bool IsMigration(const files::FileSet& set, std::string_view path) {
  const files::File* const file = set.Find(path);
  return file != nullptr && file->kind == files::FileKind::kMigration;
}

}  // namespace

std::string_view Name(MigrationState state) {
  switch (state) {
    case MigrationState::kApplied: return "applied";
    case MigrationState::kPending: return "pending";
    case MigrationState::kRefused: return "refused";
    case MigrationState::kMissing: return "missing";
  }
  return "";
}

std::vector<MigrationStatus> JudgeMigrations(const files::FileSet& set,
                                             const std::vector<RecordedMigration>& record) {
  std::map<std::uint32_t, const RecordedMigration*> by_number;
  for (const RecordedMigration& row : record) by_number.emplace(row.migration.number, &row);
  const std::vector<files::FileProblem> changes = FindChanges(set, record);
  std::vector<MigrationStatus> all;
  for (const files::Migration& migration : set.migrations) {
    const files::File* const file = set.Find(migration.path);
    const bool wrong =
        std::ranges::find(changes, migration.path, &files::FileProblem::path) != changes.end() ||
        (file != nullptr && !set.IsSound(*file));
    MigrationStatus status{.number = migration.number,
                           .name = migration.name,
                           .path = migration.path,
                           .state = wrong ? MigrationState::kRefused : MigrationState::kPending};
    if (const auto row = by_number.find(migration.number); row != by_number.end()) {
      if (!wrong) status.state = MigrationState::kApplied;
      status.applied_at = row->second->applied_at;
      status.applied_by = row->second->applied_by;
      by_number.erase(row);
    }
    all.push_back(std::move(status));
  }
  for (const auto& [number, row] : by_number) {
    all.push_back({.number = number,
                   .name = row->migration.name,
                   .path = "",
                   .state = MigrationState::kMissing,
                   .applied_at = row->applied_at,
                   .applied_by = row->applied_by});
  }
  std::ranges::sort(all, {}, [](const MigrationStatus& s) { return std::tie(s.number, s.path); });
  return all;
}

std::vector<files::FileProblem> FindProblems(const files::FileSet& set, sql::Dialect dialect,
                                             const std::vector<RecordedMigration>& record) {
  std::vector<files::FileProblem> found = FindChanges(set, record);
  for (const files::FileProblem& problem : set.problems) {
    if (IsMigration(set, problem.path)) found.push_back(problem);
  }
  for (const auto& file : set.files) {
    if (file->kind != files::FileKind::kMigration) continue;
    const bool readable = file->problems.empty();
    for (const files::Problem& problem :
         readable ? ReadScript(file->text, dialect).problems : file->problems) {
      found.push_back({.path = file->path, .problem = problem});
    }
  }
  std::ranges::sort(found, {}, [](const files::FileProblem& p) {
    return std::tie(p.path, p.problem.where.begin, p.problem.message);
  });
  return found;
}

std::string DescribeProblems(const files::FileSet& set, const std::vector<files::FileProblem>& problems) {
  std::string out;
  for (const files::FileProblem& each : problems) {
    const files::File* const file = set.Find(each.path);
    out += files::Describe(each.path.empty() ? "migrations" : each.path,
                           file == nullptr ? "" : std::string_view(file->text), each.problem) +
           "\n";
  }
  return out;
}

}  // namespace tidemill::migrations
