#include "queries/files/migrations.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/ascii.h"

namespace tidemill::files {
namespace {

constexpr std::string_view kFolder = "migrations/";
constexpr std::string_view kAccepted = "accepted: 0001_name.sql: digits, _ and a name of a-z, 0-9 and _";

MigrationProblem Wrong(std::string path, std::string message, std::string hint = {}) {
  return {
      .path = std::move(path),
      .problem = {.kind = ProblemKind::kMigration, .message = std::move(message), .hint = std::move(hint)}};
}

struct MigrationName {
  std::uint32_t number = 0;
  std::string name;
};

// The part behind the folder; nullopt: it is no name of a migration.
std::optional<MigrationName> ParseName(std::string_view file) {
  if (file.ends_with(".sql")) file.remove_suffix(4);
  MigrationName out;
  const auto read = std::from_chars(file.data(), file.data() + file.size(), out.number);
  const auto digits = static_cast<std::size_t>(read.ptr - file.data());
  if (read.ec != std::errc{} || digits > 9 || digits == file.size() || file[digits] != '_')
    return std::nullopt;
  out.name = file.substr(digits + 1);
  const bool named = !out.name.empty() && std::ranges::all_of(out.name, [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '_';
  });
  return named ? std::optional(std::move(out)) : std::nullopt;
}

std::string Numbers(std::uint32_t first, std::uint32_t last) {
  return first == last ? std::to_string(first) + " is missing"
                       : std::to_string(first) + " to " + std::to_string(last) + " are missing";
}

}  // namespace

OrderedMigrations OrderMigrations(std::vector<MigrationFile> files) {
  OrderedMigrations out;
  for (MigrationFile& file : files) {
    const std::string_view name = std::string_view(file.path).substr(kFolder.size());
    if (name.contains('/')) {
      out.problems.push_back(
          Wrong(file.path, "a migration in a folder of its own", "leave it in migrations/"));
      continue;
    }
    auto parsed = ParseName(name);
    if (!parsed) {
      const bool down = name.ends_with(".down.sql") || name.ends_with(".up.sql");
      out.problems.push_back(
          Wrong(file.path, "no name of a migration",
                down ? "migrations go forward only; " + std::string(kAccepted) : std::string(kAccepted)));
      continue;
    }
    out.migrations.push_back({.number = parsed->number,
                              .name = std::move(parsed->name),
                              .path = std::move(file.path),
                              .checksum = std::move(file.checksum)});
  }
  std::ranges::sort(out.migrations, {}, [](const Migration& m) { return std::tie(m.number, m.path); });
  std::uint32_t expected = 1;
  const Migration* before = nullptr;
  for (const Migration& migration : out.migrations) {
    if (before != nullptr && before->number == migration.number) {
      out.problems.push_back(Wrong(
          migration.path, "number " + std::to_string(migration.number) + " is also that of " + before->path));
    } else if (migration.number == 0) {
      out.problems.push_back(Wrong(migration.path, "numbers begin with 1"));
    } else if (migration.number > expected) {
      out.problems.push_back(Wrong(migration.path, Numbers(expected, migration.number - 1) + " before it"));
    }
    expected = migration.number + 1;
    before = &migration;
  }
  return out;
}

std::vector<MigrationProblem> CheckApplied(const std::vector<Migration>& migrations,
                                           const std::vector<AppliedMigration>& applied) {
  std::vector<MigrationProblem> problems;
  std::map<std::uint32_t, const AppliedMigration*> by_number;
  for (const AppliedMigration& one : applied) by_number.emplace(one.number, &one);
  const std::uint32_t last = by_number.empty() ? 0 : by_number.rbegin()->first;
  for (const Migration& migration : migrations) {
    const auto found = by_number.find(migration.number);
    if (found == by_number.end()) {
      if (migration.number < last) {
        problems.push_back(Wrong(migration.path,
                                 "number " + std::to_string(migration.number) +
                                     " comes too late: " + std::to_string(last) + " has been applied",
                                 "give it the next number"));
      }
      continue;
    }
    if (found->second->checksum != migration.checksum) {
      problems.push_back(Wrong(migration.path, "it was changed after it had been applied",
                               "restore it, and write the change as a new migration"));
    }
    by_number.erase(found);
  }
  for (const auto& [number, one] : by_number) {
    problems.push_back(Wrong(
        "",
        "migration " + std::to_string(number) + " (" + one->name + ") has been applied, and its file is gone",
        "restore it"));
  }
  return problems;
}

}  // namespace tidemill::files
