#include "postgres/testing/lossy_proxy.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tidemill::postgres::testing {
namespace {

constexpr int kTickMs = 20;

bool ForwardAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

LossyProxy::LossyProxy(Server server)
    : server_(std::move(server)), listening_([this](int fd) {
        threads_.emplace_back([this, client = net::Fd(fcntl(fd, F_DUPFD_CLOEXEC, 0))] { Serve(client); });
      }) {}

void LossyProxy::HoldNext(std::string mark) {
  const std::lock_guard lock(mutex_);
  mark_ = std::move(mark);
}

void LossyProxy::CutAfter(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  left_ = bytes;
}

void LossyProxy::Heal() {
  const std::lock_guard lock(mutex_);
  left_.reset();
}

std::size_t LossyProxy::Cut(std::size_t bytes, bool& is_end) {
  const std::lock_guard lock(mutex_);
  if (!left_) return bytes;
  is_end = bytes >= *left_;
  const std::size_t through = std::min(bytes, *left_);
  *left_ -= through;
  return through;
}

bool LossyProxy::Keep(std::string_view bytes, net::Fd& server) {
  const std::lock_guard lock(mutex_);
  if (mark_.empty() || !bytes.contains(mark_)) return false;
  mark_.clear();
  held_ = bytes;
  held_server_ = std::move(server);
  has_held_ = true;
  return true;
}

std::string LossyProxy::Deliver() {
  const std::lock_guard lock(mutex_);
  TM_ASSERT(has_held_ && ForwardAll(held_server_.get(), held_));
  // Nothing more comes: the server answers what it has got, and ends.
  shutdown(held_server_.get(), SHUT_WR);
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 1; got > 0;) {
    got = recv(held_server_.get(), buffer, sizeof buffer, 0);
    if (got > 0) answer.append(buffer, static_cast<std::size_t>(got));
  }
  held_server_ = {};
  has_held_ = false;
  return answer;
}

void LossyProxy::Serve(const net::Fd& client) {
  const int fd = client.get();
  socklen_t size = 0;
  const sockaddr_storage address =
      net::ToSockaddr(net::SocketAddress{*net::IpAddress::Parse(server_.host), server_.port}, size);
  net::Fd server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(server.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return;
  net::SetNoDelay(fd);
  char buffer[65536];
  while (!stopping_) {
    pollfd ready[] = {{.fd = fd, .events = POLLIN, .revents = 0},
                      {.fd = server.get(), .events = POLLIN, .revents = 0}};
    if (poll(ready, 2, kTickMs) <= 0) continue;
    for (const auto& [from, to] : {std::pair{0, server.get()}, {1, fd}}) {
      if (ready[from].revents == 0) continue;
      const ssize_t got = recv(ready[from].fd, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      bool is_end = false;
      std::string_view bytes(buffer, static_cast<std::size_t>(got));
      if (from == 0 && Keep(bytes, server)) return;
      if (from == 1) bytes = bytes.substr(0, Cut(bytes.size(), is_end));
      if (!ForwardAll(to, bytes) || is_end) return;
    }
  }
}

}  // namespace tidemill::postgres::testing
