// Sockets of the operating system: descriptors that close themselves, addresses in the kernel's form, and
// binding with errors that say what to do. For listener.cc and connect.cc.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <string>
#include <utility>

#include "base/result.h"
#include "net/address.h"

namespace tidemill::net {

// Owns one descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.Release()) {}
  Fd& operator=(Fd&& other) noexcept {
    Reset();
    fd_ = other.Release();
    return *this;
  }
  ~Fd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  explicit operator bool() const { return valid(); }
  int Release() { return std::exchange(fd_, -1); }
  void Reset();

 private:
  int fd_ = -1;
};

// The file of a Unix socket that we bound; Remove unlinks it unless somebody else has put theirs there since.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);
  void Remove();

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// A descriptor that stands for nothing, to be given up when they run out.
Fd OpenReserve();

void SetNoDelay(int fd);
void SetOption(int fd, int level, int name, int value);

// The kernel's form; its length in `bytes`. IPv4 as AF_INET.
sockaddr_storage ToSockaddr(const SocketAddress& address, socklen_t& bytes);
// Of a Unix socket; a path that is too long is cut.
sockaddr_storage ToSockaddr(const std::string& unix_path, socklen_t& bytes);
// All zero for what is not an IP address.
SocketAddress FromSockaddr(const sockaddr_storage& address);
SocketAddress LocalAddress(int fd);

// Non-blocking, not yet listening. TCP sockets share their port with others of this user (SO_REUSEPORT).
Result<Fd> BindTcp(const ListenAddress& address);
// A stale socket file, to which nobody answers, is replaced; any other file is not.
Result<Fd> BindUnix(const ListenAddress& address, int mode);
// kUnavailable if anything listens on the port, even a socket that would share it.
Result<void> CheckPortIsFree(const ListenAddress& address);

// Whether the address could be bound here, were nobody using it: it is this machine's, the port is for this
// user, the directory of a Unix socket can be written. kInvalidArgument. Leaves nothing behind.
Result<void> CheckBindable(const ListenAddress& address);

std::unexpected<Error> FailListen(const ListenAddress& address, const char* what, int error);

}  // namespace tidemill::net
