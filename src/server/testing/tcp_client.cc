#include "server/testing/tcp_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/testing/patience.h"

namespace tidemill::server::testing {
namespace {

constexpr int kPatienceMs = static_cast<int>(tidemill::testing::kPatience.ms);

}  // namespace

net::Fd Connect(const net::SocketAddress& address) {
  socklen_t bytes = 0;
  const sockaddr_storage target = net::ToSockaddr(address, bytes);
  net::Fd fd(socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&target), bytes) != 0) fd.Reset();
  return fd;
}

std::string ReadSome(const net::Fd& client) {
  pollfd waiting{.fd = client.get(), .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, kPatienceMs) != 1) return "";
  char piece[4096];
  const ssize_t got = read(client.get(), piece, sizeof piece);
  return got <= 0 ? "" : std::string(piece, static_cast<std::size_t>(got));
}

std::string Ask(const net::SocketAddress& address, std::string_view request_line, std::string_view headers,
                std::string_view body) {
  const net::Fd client = Connect(address);
  if (!client.valid()) return "";
  std::string request(request_line);
  request +=
      " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n";
  request.append(headers).append("\r\n").append(body);
  if (write(client.get(), request.data(), request.size()) != static_cast<ssize_t>(request.size())) return "";
  std::string answer;
  for (std::string piece = ReadSome(client); !piece.empty(); piece = ReadSome(client)) answer += piece;
  return answer;
}

}  // namespace tidemill::server::testing
