#include "postgres/address/password_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "net/socket.h"
#include "postgres/address/address.h"

namespace tidemill::postgres {
namespace {

constexpr std::size_t kBytesMax = 1 << 20;

// Up to the next colon that is not escaped, or all. Takes it and the colon away; nullopt: no colon follows.
std::optional<std::string> TakeField(std::string_view& rest) {
  std::string field;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == ':') {
      rest.remove_prefix(i + 1);
      return field;
    }
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    field += rest[i];
  }
  return std::nullopt;
}

std::string Unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

}  // namespace

std::optional<PasswordFile::Line> PasswordFile::ParseLine(std::string_view text) {
  Line line;
  for (Field* field : {&line.host, &line.port, &line.database, &line.user}) {
    const std::string_view before = text;
    std::optional<std::string> taken = TakeField(text);
    if (!taken) return std::nullopt;
    field->any = before.starts_with("*:");
    field->text = *std::move(taken);
  }
  line.password = Unescaped(text);
  return line;
}

PasswordFile PasswordFile::Parse(std::string_view text) {
  PasswordFile file;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    if (std::optional<Line> parsed = ParseLine(line)) file.lines_.push_back(*std::move(parsed));
  }
  return file;
}

Result<PasswordFile> PasswordFile::Read(const std::string& path) {
  const net::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    const Errc code = errno == ENOENT ? Errc::kNotFound : Errc::kPermissionDenied;
    return Fail(code, "password file " + path + ": " + std::strerror(errno));
  }
  struct stat facts{};
  if (fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    return Fail(Errc::kPermissionDenied, "password file " + path + ": not a plain file");
  }
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Fail(Errc::kPermissionDenied,
                "password file " + path + ": others than its owner may read or write it; chmod 0600 " + path);
  }
  std::string text(kBytesMax, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled == text.size()) {
    return Fail(Errc::kPermissionDenied, "password file " + path + ": longer than 1 MiB");
  }
  return Parse(std::string_view(text).substr(0, filled));
}

std::optional<std::string> PasswordFile::Find(const Server& server, std::string_view database,
                                              std::string_view user) const {
  const std::string_view host = server.host == kSocketFolder ? std::string_view("localhost") : server.host;
  const std::string port = std::to_string(server.port);
  for (const Line& line : lines_) {
    if (line.host.Fits(host) && line.port.Fits(port) && line.database.Fits(database) &&
        line.user.Fits(user)) {
      return line.password;
    }
  }
  return std::nullopt;
}

}  // namespace tidemill::postgres
