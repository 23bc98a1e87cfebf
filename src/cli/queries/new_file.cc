#include "cli/queries/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "cli/table.h"
#include "queries/files/scan.h"

namespace tidemill::cli {
namespace {

std::unexpected<Error> Failed(const std::string& path, std::string_view why) {
  return Fail(Errc::kInternal, fmt::format("{}: {}", Printable(path), why));
}

Result<void> WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Fail(Errc::kInternal, std::strerror(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<void> WriteNewFile(const std::string& path, std::string_view text) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return Failed(folder.string(), error.message());
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EEXIST) {
    return Fail(Errc::kAlreadyExists,
                fmt::format("{}: is there already, and stays as it is", Printable(path)));
  }
  if (fd < 0) return Failed(path, std::strerror(errno));
  const auto written = WriteAll(fd, text);
  close(fd);
  if (written) return {};
  unlink(path.c_str());
  return Failed(path, written.error().detail);
}

Result<std::string> NewMigration(const std::string& folder, std::string_view name) {
  // No statement of them is looked at: the dialect is of no matter.
  const auto set = files::Scan({.folder = folder}, nullptr, {});
  for (const files::FileProblem& problem : set->problems) {
    if (problem.problem.kind != files::ProblemKind::kMigration) continue;
    return Fail(Errc::kInvalidArgument, files::Describe(problem.path, "", problem.problem));
  }
  const std::uint32_t number = set->migrations.empty() ? 1 : set->migrations.back().number + 1;
  const std::string path = fmt::format("migrations/{:04}_{}.sql", number, name);
  const auto ordered = files::OrderMigrations({{.path = path, .checksum = ""}});
  if (ordered.migrations.empty()) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("\"{}\" is no name of a migration: a-z, 0-9 and _ are", Printable(name)));
  }
  const std::string whole = folder + "/" + path;
  TM_TRY(WriteNewFile(whole, fmt::format("-- {}\n\n", name)));
  return whole;
}

}  // namespace tidemill::cli
