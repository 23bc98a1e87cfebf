#include "sqlite/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tidemill::sqlite {
namespace {

std::unexpected<Error> Failed(const std::string& path, std::string_view what) {
  const Errc code =
      errno == EACCES || errno == EPERM || errno == EROFS ? Errc::kPermissionDenied : Errc::kUnavailable;
  return Fail(code, fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// As its holder wrote it.
std::string HolderOf(int fd) {
  std::array<char, 32> text{};
  const ssize_t size = pread(fd, text.data(), text.size() - 1, 0);
  if (size <= 0) return "another process";
  const std::string_view words(text.data(), static_cast<std::size_t>(size));
  return fmt::format("process {}", words.substr(0, words.find('\n')));
}

struct FileSystem {
  unsigned long magic;
  std::string_view name;
};
// statfs(2).
constexpr FileSystem kNetworkFileSystems[] = {
    {0x6969, "nfs"},      {0xff534d42, "cifs"}, {0xfe534d42, "smb2"}, {0x517b, "smb"},
    {0x01021997, "9p"},   {0x00c36400, "ceph"}, {0x5346414f, "afs"},  {0x0bd00bd0, "lustre"},
    {0x65735546, "fuse"}, {0x47504653, "gpfs"}, {0x01161970, "gfs2"}, {0x7461636f, "ocfs2"},
};

}  // namespace

Result<void> CheckPath(const std::string& path, sql::Access access) {
  if (path.ends_with('/')) return Fail(Errc::kInvalidArgument, path + ": is a folder");
  const bool writes = access == sql::Access::kWrite;
  const int fd = open(path.c_str(), (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno != ENOENT || !writes) return Failed(path, "cannot be opened");
    if (::access(FolderOf(path).c_str(), W_OK | X_OK) != 0)
      return Failed(FolderOf(path), "no file can be made there");
    return {};
  }
  // sqlite.org/fileformat.html, section 1.3; an empty file becomes a database.
  constexpr std::string_view kBegin("SQLite format 3\0", 16);
  std::array<char, kBegin.size()> begin{};
  const ssize_t size = pread(fd, begin.data(), begin.size(), 0);
  close(fd);
  if (size == 0 || std::string_view(begin.data(), begin.size()) == kBegin) return {};
  return Fail(Errc::kInvalidArgument, path + ": is there, and is no database of SQLite");
}

Result<void> MakeFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    if (errno == EEXIST) return {};
    return Failed(path, "the file cannot be made");
  }
  close(fd);
  return SyncFolderOf(path);
}

Result<std::unique_ptr<FileLock>> FileLock::Take(const std::string& path) {
  const std::string lock_path = path + ".lock";
  const int fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(lock_path, "the file cannot be opened");
  std::unique_ptr<FileLock> lock(new FileLock(fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Failed(lock_path, "cannot be locked");
    return Fail(Errc::kAlreadyExists,
                fmt::format("{}: {} has it; a database is for one server", path, HolderOf(fd)));
  }
  const std::string id = fmt::format("{}\n", getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, id.data(), id.size(), 0) < 0)
    return Failed(lock_path, "cannot be written");
  return lock;
}

FileLock::~FileLock() { close(fd_); }

std::string_view NetworkFileSystemOf(const std::string& path) {
  struct statfs about{};
  if (statfs(path.c_str(), &about) != 0) return "";
  const auto magic = static_cast<unsigned long>(about.f_type) & 0xffffffffUL;
  const FileSystem* const found = std::ranges::find(kNetworkFileSystems, magic, &FileSystem::magic);
  return found == std::end(kNetworkFileSystems) ? "" : found->name;
}

Result<void> SyncFolderOf(const std::string& path) {
  const std::string folder = FolderOf(path);
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed(folder, "the folder cannot be opened");
  const bool synced = fsync(fd) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  if (!synced) return Failed(folder, "the folder cannot be synced");
  return {};
}

}  // namespace tidemill::sqlite
