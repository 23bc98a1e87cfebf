#include "config/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tidemill::config {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> SystemError(int error) {
  if (error == ENOENT || error == ENOTDIR) return Fail(Errc::kNotFound, "no such file");
  if (error == EACCES || error == EPERM) {
    return Fail(Errc::kPermissionDenied, fmt::format("not readable by this user (uid {})", geteuid()));
  }
  return Fail(Errc::kUnavailable, fmt::format("not readable: {}", std::strerror(error)));
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t bytes_max) {
  if (path.contains('\0')) return Fail(Errc::kInvalidArgument, "a path with a NUL byte");
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError(errno);
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return SystemError(errno);
  if (S_ISDIR(status.st_mode)) return Fail(Errc::kInvalidArgument, "is a directory");
  if (!S_ISREG(status.st_mode)) return Fail(Errc::kInvalidArgument, "not a regular file");

  std::string content;
  char piece[16 * 1024];
  while (true) {
    const ssize_t got = read(file.get(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(errno);
    if (got == 0) return content;
    content.append(piece, static_cast<std::size_t>(got));
    if (content.size() > bytes_max) {
      return Fail(Errc::kLimitExceeded, fmt::format("larger than {} KiB", bytes_max / 1024));
    }
  }
}

}  // namespace tidemill::config
