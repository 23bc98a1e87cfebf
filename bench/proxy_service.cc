// The service behind the connect proxy in the benchmarks: a bare epoll loop that answers each request with
// the same user. It says at its end, on SIGTERM, how many requests came over how many connections.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n"
    R"({"result":{"user":"someone"}})";
static_assert(kAnswer.ends_with("}}"));

volatile std::sig_atomic_t ended = 0;

// The length of the request that stands first; 0: not all of it is there.
std::size_t RequestLength(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t at = bytes.find(kLength);
  const std::size_t length = at < head ? std::strtoul(bytes.data() + at + kLength.size(), nullptr, 10) : 0;
  return bytes.size() >= head + 4 + length ? head + 4 + length : 0;
}

int Listen(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 || listen(fd, 1024) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: proxy_service PORT\n"), 2;
  struct sigaction action{};
  action.sa_handler = [](int) { ended = 1; };
  sigaction(SIGTERM, &action, nullptr);
  const int listener = Listen(std::atoi(argv[1]));
  const int poll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  std::map<int, std::string> waiting;
  std::size_t requests = 0;
  std::size_t connections = 0;
  std::array<epoll_event, 256> events;
  std::array<char, 65536> buffer;
  while (ended == 0) {
    const int count = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int accepted = accept(listener, nullptr, nullptr);
        const int one = 1;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        event.data.fd = accepted;
        epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &event);
        ++connections;
        continue;
      }
      const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) {
        waiting.erase(fd);
        close(fd);
        continue;
      }
      std::string& bytes = waiting[fd];
      bytes.append(buffer.data(), static_cast<std::size_t>(got));
      while (const std::size_t length = RequestLength(bytes)) {
        bytes.erase(0, length);
        ++requests;
        if (send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) break;
      }
    }
  }
  std::printf("%zu requests over %zu connections\n", requests, connections);
  return 0;
}
