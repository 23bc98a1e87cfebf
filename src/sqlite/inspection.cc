#include "sqlite/inspection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sqlite/connection.h"

namespace tidemill::sqlite {
namespace {

constexpr int kSyncs = 15;

std::uint64_t SizeOf(const std::string& path) {
  struct stat about{};
  return stat(path.c_str(), &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

sql::Result<std::vector<std::string>> Check(Connection& connection, Depth depth) {
  const sql::Statement statement(depth == Depth::kQuick ? "pragma quick_check" : "pragma integrity_check");
  TM_TRY_ASSIGN(Query query, connection.Prepare(statement));
  std::vector<std::string> problems;
  for (;;) {
    TM_TRY_ASSIGN(const bool row, query.Step());
    if (!row) return problems;
    if (query.Text(0) != "ok") problems.emplace_back(query.Text(0));
  }
}

}  // namespace

Result<Inspection> Inspect(const std::string& path, Depth depth) {
  auto connection = Connection::Open({.path = path, .role = Role::kExaminer});
  if (!connection) return Fail(Errc::kUnavailable, connection.error().message);
  auto problems = Check(**connection, depth);
  if (!problems) problems = std::vector{problems.error().message};
  return Inspection{
      .bytes = SizeOf(path), .log_bytes = SizeOf(path + "-wal"), .problems = *std::move(problems)};
}

Result<std::int64_t> MeasureSyncMicros(const std::string& path) {
  const std::string folder = path.contains('/') ? path.substr(0, path.rfind('/') + 1) : "./";
  std::string probe = folder + ".tidemill-fsync-XXXXXX";
  const int fd = mkostemp(probe.data(), O_CLOEXEC);
  if (fd < 0) return Fail(Errc::kUnavailable, fmt::format("{}: {}", folder, std::strerror(errno)));
  unlink(probe.c_str());
  const std::array<char, 4096> page{};
  std::array<std::int64_t, kSyncs> took{};
  bool good = true;
  for (std::int64_t& one : took) {
    const std::int64_t begun = MonotonicMicros();
    good = good && write(fd, page.data(), page.size()) == static_cast<ssize_t>(page.size()) &&
           fdatasync(fd) == 0;
    one = MonotonicMicros() - begun;
  }
  const int error = errno;
  close(fd);
  if (!good) return Fail(Errc::kUnavailable, fmt::format("{}: {}", folder, std::strerror(error)));
  std::ranges::sort(took);
  return took[kSyncs / 2];
}

}  // namespace tidemill::sqlite
