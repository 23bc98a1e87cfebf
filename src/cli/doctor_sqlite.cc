#include "cli/doctor_sqlite.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "settings/settings.h"
#include "sqlite/file.h"
#include "sqlite/inspection.h"

namespace tidemill::cli {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kFreeMin = 512 * kMiB;
constexpr std::int64_t kSlowSyncMicros = 20'000;
constexpr std::string_view kSubject = "SQLite";

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

void CheckContent(const std::string& path, Diagnoses& out) {
  const auto found = sqlite::Inspect(path, sqlite::Depth::kFull);
  if (!found) {
    out.push_back({Verdict::kFail, "SQLite: content", found.error().detail});
  } else if (!found->problems.empty()) {
    out.push_back({Verdict::kFail, "SQLite: content",
                   fmt::format("{} is damaged ({}, and {} more); restore a backup", path,
                               found->problems.front(), found->problems.size() - 1)});
  } else {
    out.push_back({Verdict::kOk, "SQLite: content",
                   fmt::format("{} is whole, {} MiB, {} MiB in its log", path, found->bytes / kMiB,
                               found->log_bytes / kMiB)});
  }
}

void CheckPermissions(const std::string& path, const struct stat& about, Diagnoses& out) {
  if ((about.st_mode & 0077) != 0) {
    out.push_back({Verdict::kWarn, "SQLite: permissions",
                   fmt::format("others may read {} ({:o}); chmod 600", path, about.st_mode & 0777)});
  } else if (::access(path.c_str(), R_OK | W_OK) != 0) {
    out.push_back({Verdict::kFail, "SQLite: permissions", fmt::format("{}: {}", path, std::strerror(errno))});
  } else {
    out.push_back({Verdict::kOk, "SQLite: permissions", "for its owner alone"});
  }
}

void CheckDisk(const std::string& path, Diagnoses& out) {
  if (const std::string_view network = sqlite::NetworkFileSystemOf(FolderOf(path)); !network.empty()) {
    out.push_back({Verdict::kWarn, "SQLite: disk",
                   fmt::format("{} lies on {}, where its locks and shared memory may fail; use a local disk",
                               path, network)});
  }
  struct statvfs space{};
  if (statvfs(FolderOf(path).c_str(), &space) == 0) {
    const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
    out.push_back({free < kFreeMin ? Verdict::kWarn : Verdict::kOk, "SQLite: disk space",
                   fmt::format("{} MiB free{}", free / kMiB, free < kFreeMin ? ": make room" : "")});
  }
  const auto micros = sqlite::MeasureSyncMicros(path);
  if (!micros) {
    out.push_back({Verdict::kFail, "SQLite: disk", micros.error().detail});
  } else {
    const bool slow = *micros > kSlowSyncMicros;
    out.push_back(
        {slow ? Verdict::kWarn : Verdict::kOk, "SQLite: fsync",
         fmt::format("{} µs{}", *micros, slow ? ": each write waits for one; use a faster disk" : "")});
  }
}

}  // namespace

void CheckSqlite(const settings::Settings& settings, Diagnoses& out) {
  const std::string& path = settings.sqlite.path;
  if (path.empty()) return;
  struct stat about{};
  if (stat(path.c_str(), &about) != 0) {
    const bool new_file = errno == ENOENT;
    out.push_back(
        {new_file ? Verdict::kOk : Verdict::kFail, std::string(kSubject),
         new_file ? path + ": is not there yet" : fmt::format("{}: {}", path, std::strerror(errno))});
    if (!new_file) return;
  } else {
    CheckPermissions(path, about, out);
    CheckContent(path, out);
  }
  if (stat(FolderOf(path).c_str(), &about) == 0) CheckDisk(path, out);
}

}  // namespace tidemill::cli
