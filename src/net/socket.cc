#include "net/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tidemill::net {
namespace {

sockaddr_un ToSockaddrUn(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  return address;
}

const sockaddr* AsSockaddr(const auto& address) { return reinterpret_cast<const sockaddr*>(&address); }

bool IsAnyAddress(const SocketAddress& address) { return address.ip == IpAddress{}; }

// ":8000" means IPv6 and IPv4; where the kernel has no IPv6, all IPv4 addresses.
Result<Fd> OpenTcpSocket(const ListenAddress& address, SocketAddress& tcp) {
  const auto open = [&tcp] {
    return Fd(socket(tcp.ip.IsIpv4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  };
  Fd fd = open();
  if (!fd && errno == EAFNOSUPPORT && IsAnyAddress(tcp)) {
    tcp.ip.bytes[10] = tcp.ip.bytes[11] = 0xff;
    fd = open();
  }
  if (!fd) return FailListen(address, "socket", errno);
  if (!tcp.ip.IsIpv4()) SetOption(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, IsAnyAddress(tcp) ? 0 : 1);
  SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  return fd;
}

Result<Fd> BindTcpSocket(const ListenAddress& address, bool share_port) {
  SocketAddress tcp = address.tcp;
  TM_TRY_ASSIGN(Fd fd, OpenTcpSocket(address, tcp));
  if (share_port) SetOption(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  socklen_t bytes = 0;
  const sockaddr_storage kernel_form = ToSockaddr(tcp, bytes);
  if (bind(fd.get(), AsSockaddr(kernel_form), bytes) != 0) return FailListen(address, "bind", errno);
  return fd;
}

std::string Advice(const ListenAddress& address, int error) {
  switch (error) {
    case EADDRINUSE:
      return address.unix_path.empty()
                 ? "address in use; `ss -ltnp 'sport = :" + std::to_string(address.tcp.port) +
                       "'` shows by whom"
                 : "address in use; `ss -lxp src " + address.unix_path + "` shows by whom";
    case EACCES:
      return address.unix_path.empty() ? "permission denied; ports below 1024 need CAP_NET_BIND_SERVICE"
                                       : "permission denied; the directory must be writable for this user";
    case EADDRNOTAVAIL: return "no interface of this machine has this address";
    case ENOENT: return "the directory does not exist";
    default: return std::strerror(error);
  }
}

bool NobodyAnswers(const sockaddr_un& address) {
  const Fd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return probe && connect(probe.get(), AsSockaddr(address), sizeof address) != 0 && errno == ECONNREFUSED;
}

bool IsSocketFile(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

void Fd::Reset() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat status{};
  if (lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

void SocketFile::Remove() {
  if (path_.empty()) return;
  struct stat status{};
  const bool ours = lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (ours) unlink(path_.c_str());
  path_.clear();
}

Fd OpenReserve() { return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

void SetNoDelay(int fd) { SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1); }

void SetOption(int fd, int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); }

sockaddr_storage ToSockaddr(const std::string& unix_path, socklen_t& bytes) {
  sockaddr_storage address{};
  const sockaddr_un unix_address = ToSockaddrUn(unix_path);
  std::memcpy(&address, &unix_address, sizeof unix_address);
  bytes = sizeof unix_address;
  return address;
}

sockaddr_storage ToSockaddr(const SocketAddress& address, socklen_t& bytes) {
  sockaddr_storage storage{};
  if (address.ip.IsIpv4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.bytes.data() + 12, 4);
    bytes = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&v6.sin6_addr, address.ip.bytes.data(), 16);
    bytes = sizeof v6;
  }
  return storage;
}

SocketAddress FromSockaddr(const sockaddr_storage& address) {
  SocketAddress result;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    result.port = ntohs(v4.sin_port);
    result.ip.bytes[10] = result.ip.bytes[11] = 0xff;
    std::memcpy(result.ip.bytes.data() + 12, &v4.sin_addr, 4);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    result.port = ntohs(v6.sin6_port);
    std::memcpy(result.ip.bytes.data(), &v6.sin6_addr, 16);
  }
  return result;
}

SocketAddress LocalAddress(int fd) {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof storage;
  getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &bytes);
  return FromSockaddr(storage);
}

Result<Fd> BindTcp(const ListenAddress& address) { return BindTcpSocket(address, true); }

Result<void> CheckPortIsFree(const ListenAddress& address) {
  if (address.tcp.port == 0) return {};
  TM_TRY(BindTcpSocket(address, false));
  return {};
}

Result<Fd> BindUnix(const ListenAddress& address, int mode) {
  const std::string& path = address.unix_path;
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return FailListen(address, "socket", errno);
  const sockaddr_un kernel_form = ToSockaddrUn(path);
  const auto bind_it = [&] { return bind(fd.get(), AsSockaddr(kernel_form), sizeof kernel_form) == 0; };
  if (!bind_it()) {
    const int error = errno;
    const bool stale = error == EADDRINUSE && IsSocketFile(path) && NobodyAnswers(kernel_form);
    if (!stale) return FailListen(address, "bind", error);
    unlink(path.c_str());
    if (!bind_it()) return FailListen(address, "bind", errno);
  }
  // Before listen: no peer that the mode excludes can connect in between.
  if (chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) return FailListen(address, "chmod", errno);
  return fd;
}

Result<void> CheckBindable(const ListenAddress& address) {
  const std::string& path = address.unix_path;
  if (path.empty()) {
    const Result<Fd> bound = BindTcpSocket(address, true);
    if (!bound && bound.error().code == Errc::kInvalidArgument) return std::unexpected(bound.error());
    return {};
  }
  struct stat status{};
  if (lstat(path.c_str(), &status) == 0) {
    if (S_ISSOCK(status.st_mode)) return {};
    return Fail(Errc::kInvalidArgument,
                "listen on " + address.ToString() + ": a file is there that is no socket");
  }
  const Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un kernel_form = ToSockaddrUn(path);
  if (bind(fd.get(), AsSockaddr(kernel_form), sizeof kernel_form) != 0) {
    return FailListen(address, "bind", errno);
  }
  unlink(path.c_str());
  return {};
}

std::unexpected<Error> FailListen(const ListenAddress& address, const char* what, int error) {
  const bool of_setting = error == EACCES || error == EADDRNOTAVAIL || error == ENOENT || error == ENOTDIR ||
                          error == EROFS || error == EPERM || error == ELOOP || error == EINVAL ||
                          error == EAFNOSUPPORT;
  return Fail(of_setting ? Errc::kInvalidArgument : Errc::kUnavailable,
              "listen on " + address.ToString() + ": " + what + ": " + Advice(address, error));
}

}  // namespace tidemill::net
