#include "queries/files/file_set.h"

#include <openssl/evp.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.h"
#include "base/hex.h"
#include "queries/files/parse.h"

namespace tidemill::files {
namespace {

std::string WithUnixLines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  }
  return out;
}

bool IsBefore(const FileProblem& a, const FileProblem& b) { return a.path < b.path; }

std::vector<FileProblem> RouteProblems(const std::vector<std::shared_ptr<const File>>& files,
                                       const std::vector<std::string>& reserved) {
  std::vector<RouteOwner> owners;
  for (const auto& file : files) {
    for (const Query& query : file->queries) owners.push_back({.route = query.route, .path = file->path});
  }
  std::vector<FileProblem> found;
  for (RouteProblem& problem : CheckRoutes(owners, reserved)) {
    found.push_back({.path = std::move(problem.path), .problem = std::move(problem.problem)});
  }
  return found;
}

bool SameProblems(const std::vector<FileProblem>& a, const std::vector<FileProblem>& b) {
  return std::ranges::equal(a, b, [](const FileProblem& x, const FileProblem& y) {
    return x.path == y.path && x.problem.message == y.problem.message;
  });
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned size = 0;
  TM_ASSERT(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                       EVP_sha256(), nullptr) == 1);
  return HexEncode(digest);
}

File LoadFile(std::string path, std::string bytes, sql::Dialect dialect) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  Problems problems;
  File file{.path = std::move(path), .sha256 = Sha256(bytes)};
  if (bytes.starts_with(kByteOrderMark)) bytes.erase(0, kByteOrderMark.size());
  file.text = std::move(bytes);
  const FileName name = ParseFileName(file.path, problems);
  file.kind = name.kind;
  if (name.kind == FileKind::kQuery) {
    const bool named = problems.empty();
    ParsedFile parsed = ParseQueries(file.text, name, dialect);
    if (named) file.queries = std::move(parsed.queries);
    for (Problem& problem : parsed.problems) problems.Add(std::move(problem));
  } else if (name.kind != FileKind::kIgnored) {
    CheckText(file.text, problems);
  }
  if (name.kind == FileKind::kMigration) file.checksum = Sha256(WithUnixLines(file.text));
  file.problems = problems.Take();
  return file;
}

File UnreadFile(std::string path, Problem why) {
  Problems problems;
  File file{.path = std::move(path)};
  const FileName name = ParseFileName(file.path, problems);
  file.kind = name.kind;
  if (problems.empty() && name.method) {
    file.queries.push_back({.route = {.method = *name.method, .segments = name.segments}});
  }
  problems.Add(std::move(why));
  file.problems = problems.Take();
  return file;
}

const File* FileSet::Find(std::string_view path) const {
  const auto at = std::ranges::lower_bound(files, path, {},
                                           [](const auto& file) { return std::string_view(file->path); });
  return at != files.end() && (*at)->path == path ? at->get() : nullptr;
}

bool FileSet::IsSound(const File& file) const {
  return file.problems.empty() &&
         !std::ranges::binary_search(problems, FileProblem{.path = file.path, .problem = {}}, IsBefore);
}

std::array<std::size_t, kProblemKinds> FileSet::CountProblems() const {
  std::array<std::size_t, kProblemKinds> counts{};
  for (const auto& [path, problem] : problems) ++counts[static_cast<std::size_t>(problem.kind)];
  for (const auto& file : files) {
    for (const Problem& problem : file->problems) ++counts[static_cast<std::size_t>(problem.kind)];
  }
  return counts;
}

std::string FileSet::Describe() const {
  std::string out;
  for (const auto& [path, problem] : problems) {
    out += files::Describe(path.empty() ? "the folder" : path, "", problem) + "\n";
  }
  for (const auto& file : files) {
    if (!file->problems.empty()) out += DescribeAll(file->path, file->text, file->problems);
  }
  return out;
}

FileSet MakeFileSet(std::vector<std::shared_ptr<const File>> files, std::vector<FileProblem> problems,
                    const std::vector<std::string>& reserved_routes) {
  std::ranges::sort(files, {}, [](const auto& file) { return std::string_view(file->path); });
  FileSet set{.files = std::move(files), .problems = std::move(problems)};
  for (FileProblem& problem : RouteProblems(set.files, reserved_routes)) {
    set.problems.push_back(std::move(problem));
  }
  std::vector<MigrationFile> migrations;
  for (const auto& file : set.files) {
    if (file->kind == FileKind::kMigration)
      migrations.push_back({.path = file->path, .checksum = file->checksum});
  }
  OrderedMigrations ordered = OrderMigrations(std::move(migrations));
  set.migrations = std::move(ordered.migrations);
  for (MigrationProblem& problem : ordered.problems) {
    set.problems.push_back({.path = std::move(problem.path), .problem = std::move(problem.problem)});
  }
  std::ranges::sort(set.problems, {},
                    [](const FileProblem& p) { return std::tie(p.path, p.problem.message); });
  return set;
}

Changes Difference(const FileSet& before, const FileSet& after) {
  Changes changes{.folder = before.found != after.found || !SameProblems(before.problems, after.problems)};
  auto old = before.files.begin();
  for (const auto& file : after.files) {
    while (old != before.files.end() && (*old)->path < file->path) changes.removed.push_back((*old++)->path);
    if (old == before.files.end() || (*old)->path != file->path) {
      changes.added.push_back(file->path);
      continue;
    }
    if (*old != file && ((*old)->sha256 != file->sha256)) changes.changed.push_back(file->path);
    ++old;
  }
  while (old != before.files.end()) changes.removed.push_back((*old++)->path);
  return changes;
}

}  // namespace tidemill::files
