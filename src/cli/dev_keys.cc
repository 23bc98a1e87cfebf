#include "cli/dev_keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "auth/token.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/settings.h"
#include "net/address.h"
#include "net/socket.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kBytesMax = 64 * 1024;
constexpr std::int64_t kTokenSeconds = 24 * 3600;

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Whether it is ours, and nobody else's: a folder of the temporary one may have been made by anybody.
bool IsPrivate(const struct stat& status, mode_t kind) {
  return (status.st_mode & S_IFMT) == kind && status.st_uid == geteuid() && (status.st_mode & 077) == 0;
}

bool IsPrivateFolder(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && IsPrivate(status, S_IFDIR);
}

// "": there is none to be trusted.
std::string Folder() {
  const std::string runtime = Variable("XDG_RUNTIME_DIR");
  if (!runtime.empty() && IsPrivateFolder(runtime)) return runtime;
  const std::string user = fmt::format("/run/user/{}", geteuid());
  if (IsPrivateFolder(user)) return user;
  const std::string temporary = Variable("TMPDIR");
  const std::string own = fmt::format("{}/tidemill-{}", temporary.empty() ? "/tmp" : temporary, geteuid());
  mkdir(own.c_str(), 0700);
  return IsPrivateFolder(own) ? own : "";
}

std::string PathOf(const std::string& folder, std::uint16_t port) {
  return fmt::format("{}/tidemill-dev-{}", folder, port);
}

std::unexpected<Error> Failure(const std::string& path) {
  return Fail(Errc::kInternal, fmt::format("{}: {}", path, std::strerror(errno)));
}

class LockedFile final : public DevKeyFile {
 public:
  LockedFile(std::string path, net::Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  ~LockedFile() override { unlink(path_.c_str()); }

 private:
  const std::string path_;
  const net::Fd fd_;  // holds the lock
};

bool IsThisMachine(std::string_view host) {
  if (host == "localhost") return true;
  const auto ip = net::IpAddress::Parse(host);
  return ip && ip->IsLoopback();
}

std::string ReadAll(int fd) {
  std::string text(kBytesMax, '\0');
  const ssize_t got = read(fd, text.data(), text.size());
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

}  // namespace

// Two lines: the key of tokens, the key of the API.
Result<std::unique_ptr<DevKeyFile>> DevKeyFile::Write(std::uint16_t port, const DevKeys& keys) {
  const std::string folder = Folder();
  if (folder.empty()) return Fail(Errc::kNotFound, "no folder that only this user can read");
  std::string path = PathOf(folder, port);
  net::Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return Failure(path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return Fail(Errc::kAlreadyExists, fmt::format("{}: another server's", path));
  }
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) return Failure(path);
  if (!IsPrivate(status, S_IFREG)) return Fail(Errc::kPermissionDenied, fmt::format("{}: not private", path));
  const std::string text = fmt::format("{}\n{}\n", keys.token_key, keys.api_key);
  if (ftruncate(fd.get(), 0) != 0) return Failure(path);
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return Failure(path);
  return std::make_unique<LockedFile>(std::move(path), std::move(fd));
}

std::optional<DevKeys> FindDevKeys(const Endpoint& server) {
  if (!IsThisMachine(server.host)) return std::nullopt;
  const std::string folder = Folder();
  if (folder.empty()) return std::nullopt;
  const net::Fd fd(open(PathOf(folder, server.port).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (fd.get() < 0 || fstat(fd.get(), &status) != 0 || !IsPrivate(status, S_IFREG)) return std::nullopt;
  // Nobody holds it: its server is gone.
  if (flock(fd.get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  const std::string text = ReadAll(fd.get());
  const std::size_t first = text.find('\n');
  const std::size_t second = text.find('\n', first == text.npos ? first : first + 1);
  if (second == text.npos) return std::nullopt;
  return DevKeys{.token_key = text.substr(0, first), .api_key = text.substr(first + 1, second - first - 1)};
}

std::string MakeDevToken(std::string_view user, std::string_view token_key) {
  std::string claims;
  JsonWriter json(claims);
  json.BeginObject();
  json.Member("sub", user);
  json.Member("exp", SystemClock().WallNow().ms / 1000 + kTokenSeconds);
  json.EndObject();
  return auth::SignHs256(claims, token_key);
}

std::string ClientToken(const std::string& given, const settings::Settings& settings,
                        const Endpoint& server) {
  if (!given.empty() || HasKey(settings.client.token)) return given;
  const std::optional<DevKeys> keys = FindDevKeys(server);
  return keys && !keys->token_key.empty() ? MakeDevToken("terminal", keys->token_key) : "";
}

}  // namespace tidemill::cli
