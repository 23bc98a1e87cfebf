#include "postgres/testing/fake_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "postgres/protocol/wire.h"

namespace tidemill::postgres::testing {
namespace {

constexpr int kPollMs = 20;

net::Fd Listen(std::uint16_t& port) {
  auto listener = net::BindTcp(*net::ListenAddress::Parse("127.0.0.1:0"));
  TM_ASSERT(listener && listen(listener->get(), 64) == 0);
  port = net::LocalAddress(listener->get()).port;
  return *std::move(listener);
}

bool WaitReadable(int fd, const std::atomic<bool>& stopping) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  while (!stopping) {
    if (poll(&ready, 1, kPollMs) > 0) return true;
  }
  return false;
}

// Exactly so many bytes; "" at the connection's end.
std::string ReadExactly(int fd, std::size_t bytes) {
  std::string text(bytes, '\0');
  std::size_t filled = 0;
  while (filled < bytes) {
    const ssize_t got = recv(fd, text.data() + filled, bytes - filled, 0);
    if (got <= 0) return "";
    filled += static_cast<std::size_t>(got);
  }
  return text;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// One message of a client's, with a type or without.
bool SkipMessage(int fd, bool has_type) {
  const std::string header = ReadExactly(fd, has_type ? 5 : 4);
  if (header.empty()) return false;
  const std::uint32_t length = GetUint32(header.data() + (has_type ? 1 : 0));
  if (length < 4 || length > 1 << 20) return false;
  return length == 4 || !ReadExactly(fd, length - 4).empty();
}

}  // namespace

ListeningThread::ListeningThread(std::function<void(int fd)> serve) : listener_(Listen(port_)) {
  thread_ = std::thread([this, serve = std::move(serve)] {
    while (WaitReadable(listener_.get(), stopping_)) {
      const net::Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection) serve(connection.get());
    }
  });
}

ListeningThread::~ListeningThread() {
  stopping_ = true;
  thread_.join();
}

FakeServer::FakeServer(std::vector<std::string> answers, AtEnd at_end)
    : answers_(std::move(answers)), at_end_(at_end), listening_([this](int fd) { Serve(fd); }) {}

std::string FakeServer::url(const std::string& more) const {
  return "postgres://u:p@127.0.0.1:" + std::to_string(listening_.port()) + "/d" + more;
}

void FakeServer::Serve(int fd) {
  ++connections_;
  bool first = true;
  for (const std::string& answer : answers_) {
    if (!SkipMessage(fd, !std::exchange(first, false)) || !SendAll(fd, answer)) return;
  }
  char rest[4096];
  while (at_end_ == AtEnd::kStay && !listening_.stopping()) {
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kPollMs) > 0 && recv(fd, rest, sizeof rest, 0) <= 0) return;
  }
}

std::string Message(char type, const std::string& body) {
  std::string message(1, type);
  AppendUint32(message, static_cast<std::uint32_t>(body.size() + 4));
  return message + body;
}

std::string AuthenticationOk() { return Message('R', std::string(4, '\0')); }

std::string ErrorResponse(const std::string& code, const std::string& text) {
  std::string body;
  for (const std::string& field : {"SFATAL", "VFATAL"}) AppendString(body, field);
  AppendString(body, "C" + code);
  AppendString(body, "M" + text);
  return Message('E', body + '\0');
}

CuttingProxy::CuttingProxy(Server server)
    : server_(std::move(server)), listening_([this](int fd) { Serve(fd); }) {}

void CuttingProxy::SetPlan(Plan plan) {
  bytes_ = plan.bytes;
  then_ = plan.then;
  one_by_one_ = plan.one_by_one;
}

void CuttingProxy::Serve(int fd) {
  socklen_t size = 0;
  const sockaddr_storage address =
      net::ToSockaddr(net::SocketAddress{*net::IpAddress::Parse(server_.host), server_.port}, size);
  const net::Fd server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(server.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return;
  net::SetNoDelay(fd);
  std::size_t left = bytes_;
  passed_ = 0;
  char buffer[16384];
  while (!listening_.stopping()) {
    if (left == 0 && then_ == Then::kHangUp) return;
    pollfd ready[] = {
        {.fd = fd, .events = POLLIN, .revents = 0},
        {.fd = server.get(), .events = static_cast<short>(left > 0 ? POLLIN : 0), .revents = 0}};
    if (poll(ready, 2, kPollMs) <= 0) continue;
    if (ready[0].revents != 0) {
      const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0 || !SendAll(server.get(), {buffer, static_cast<std::size_t>(got)})) return;
    }
    if (left == 0 || ready[1].revents == 0) continue;
    const std::size_t wanted = one_by_one_ ? 1 : std::min(left, sizeof buffer);
    const ssize_t got = recv(server.get(), buffer, wanted, 0);
    if (got <= 0 || !SendAll(fd, {buffer, static_cast<std::size_t>(got)})) return;
    left -= static_cast<std::size_t>(got);
    passed_ += static_cast<std::size_t>(got);
  }
}

}  // namespace tidemill::postgres::testing
