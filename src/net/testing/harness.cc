#include "net/testing/harness.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/assert.h"
#include "base/testing/patience.h"

namespace tidemill::net::testing {

std::unique_ptr<Loop> OpenLoop(LoopOptions options) {
  auto loop = Loop::Open(options);
  TM_ASSERT(loop.has_value());
  return *std::move(loop);
}

bool RunUntil(Loop& loop, const std::function<bool()>& done) {
  const MonotonicTime give_up = SystemClock().Now() + tidemill::testing::kPatience;
  while (!done()) {
    if (SystemClock().Now() > give_up) return false;
    loop.RunOnce(Milliseconds(50));
  }
  return true;
}

void RunTurns(Loop& loop, int turns) {
  for (int i = 0; i < turns; ++i) loop.RunOnce(Milliseconds(0));
}

std::pair<Fd, Fd> SocketPair() {
  int fds[2];
  TM_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  return {Fd(fds[0]), Fd(fds[1])};
}

std::pair<Fd, Fd> TcpPair() {
  const auto address = ListenAddress::Parse("127.0.0.1:0");
  auto listener = BindTcp(*address);
  TM_ASSERT(listener.has_value() && listen(listener->get(), 1) == 0);
  socklen_t bytes = 0;
  const sockaddr_storage target = ToSockaddr(LocalAddress(listener->get()), bytes);
  Fd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  TM_ASSERT(connect(client.get(), reinterpret_cast<const sockaddr*>(&target), bytes) == 0);
  Fd server(accept4(listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  TM_ASSERT(server.valid() && fcntl(client.get(), F_SETFL, O_NONBLOCK) == 0);
  SetNoDelay(client.get());
  SetNoDelay(server.get());
  return {std::move(client), std::move(server)};
}

std::string ReadAvailable(int fd) {
  std::string all;
  char buffer[65536];
  for (;;) {
    const ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got <= 0) return all;
    all.append(buffer, static_cast<std::size_t>(got));
  }
}

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    TM_ASSERT(put > 0);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace tidemill::net::testing
