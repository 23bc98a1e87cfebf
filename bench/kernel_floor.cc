// kernel_floor: what the kernel alone costs. A bare epoll loop that accepts WebSocket connections without
// checking anything, and sends what one of them (path /publisher) says to all others: one send() of one
// shared buffer each. What a subscriber says gets one fixed answer, and so does an HTTP POST, whose
// publication then goes to the next N subscribers in turn (path /next/N): the system calls of a server, and
// nothing else.
//
//   kernel_floor PORT [each|turn]
//
// each: one send for every message (what a server must at least do for a single publication).
// turn: all messages of a loop turn leave together (what coalescing can reach).
//
// It has no timers, history, permissions or limits: a yardstick, not a server.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr char kSwitch[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

// Of the length that a server's frame with the answers to connect and subscribe has.
constexpr char kAnswers[] =
    "\x81\x7e\0\x84{\"id\":1,\"connect\":{\"client\":\"00000000-0000-0000-0000-000000000000\",\"version\":"
    "\"0.0."
    "0\",\"ping\":25,"
    "\"pong\":true}}\n{\"id\":2,\"subscribe\":{}}";
static_assert(sizeof(kAnswers) - 1 == 4 + 0x84);

constexpr char kPosted[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"result\":{}}";

struct Peer {
  bool upgraded = false;
  bool publisher = false;
  bool subscriber = false;
  std::size_t place = 0;  // among the subscribers
};

struct Server {
  int epoll = -1;
  int listener = -1;
  bool each = true;
  std::vector<Peer> peers = std::vector<Peer>(1 << 16);
  std::vector<int> subscribers;
  std::size_t next = 0;  // the subscriber whose turn it is
  std::string turn;      // frames of this turn
  std::string partial;   // the publisher's bytes that are no whole frame yet
  std::string buffer = std::string(1 << 18, '\0');
};

// A yardstick may wait for a slow reader; a server may not.
void SendRest(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
    poll(&wait, 1, 1000);
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void SendTo(int fd, std::string_view frames) {
  const ssize_t sent = send(fd, frames.data(), frames.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(frames.size())) return;
  if (sent > 0 || errno == EAGAIN) SendRest(fd, frames.substr(static_cast<std::size_t>(sent > 0 ? sent : 0)));
}

void SendToAll(Server& server, std::string_view frames) {
  for (const int fd : server.subscribers) SendTo(fd, frames);
}

// Turns a client's masked frame into a server's; gives its length, 0 if it is not whole.
std::size_t Republish(Server& server, std::string_view bytes) {
  if (bytes.size() < 6) return 0;
  std::size_t length = static_cast<unsigned char>(bytes[1]) & 127;
  std::size_t header = 2;
  if (length == 126) {
    if (bytes.size() < 8) return 0;
    length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[2])) << 8 |
             static_cast<unsigned char>(bytes[3]);
    header = 4;
  }
  if (bytes.size() < header + 4 + length) return 0;
  const std::string_view mask = bytes.substr(header, 4);
  std::string frame(bytes.substr(0, header));
  frame[1] = static_cast<char>(frame[1] & 127);
  for (std::size_t i = 0; i < length; ++i) frame += static_cast<char>(bytes[header + 4 + i] ^ mask[i & 3]);
  if (server.each) {
    SendToAll(server, frame);
  } else {
    server.turn += frame;
  }
  return header + 4 + length;
}

void Accept(Server& server) {
  for (;;) {
    const int fd = accept4(server.listener, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    server.peers[static_cast<std::size_t>(fd)] = {};
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = fd}};
    epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

void Join(Server& server, Peer& peer, int fd) {
  peer.subscriber = true;
  peer.place = server.subscribers.size();
  server.subscribers.push_back(fd);
}

void Forget(Server& server, const Peer& peer) {
  const int last = server.subscribers.back();
  server.subscribers[peer.place] = last;
  server.peers[static_cast<std::size_t>(last)].place = peer.place;
  server.subscribers.pop_back();
}

void Answer(int fd, std::string_view bytes) {
  send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

// The frame with which the server would bring {"channel":C,"data":D} to a subscriber.
std::string PushOf(std::string_view request) {
  const std::string_view body = request.substr(request.find("\r\n\r\n") + 4);
  const std::size_t data = body.find(",\"data\":");
  std::string push = "{\"push\":";
  push += body.substr(0, data);
  push += ",\"pub\":{";
  push += body.substr(data + 1);
  push += "}}";
  const char high = static_cast<char>(push.size() >> 8);
  const char low = static_cast<char>(push.size() & 255);
  return (push.size() < 126 ? std::string{'\x81', low} : std::string{'\x81', 126, high, low}) + push;
}

void Posted(Server& server, int fd, std::string_view request) {
  Answer(fd, {kPosted, sizeof(kPosted) - 1});
  if (server.subscribers.empty()) return;
  const auto receivers = static_cast<std::size_t>(std::atoi(request.data() + sizeof("POST /next/") - 1));
  const std::string push = PushOf(request);
  if (receivers < server.subscribers.size()) {
    for (std::size_t i = 0; i < receivers; ++i) {
      const int subscriber = server.subscribers[server.next++ % server.subscribers.size()];
      SendTo(subscriber, push);
    }
  } else if (server.each) {
    SendToAll(server, push);
  } else {
    server.turn += push;
  }
}

void Read(Server& server, int fd) {
  Peer& peer = server.peers[static_cast<std::size_t>(fd)];
  for (;;) {
    const ssize_t got = recv(fd, server.buffer.data(), server.buffer.size(), 0);
    if (got < 0) return;
    if (got == 0) {
      if (peer.subscriber) Forget(server, peer);
      close(fd);
      return;
    }
    const std::string_view bytes(server.buffer.data(), static_cast<std::size_t>(got));
    if (bytes.starts_with("POST ")) {
      Posted(server, fd, bytes);
      continue;
    }
    if (!peer.upgraded) {
      peer.upgraded = true;
      peer.publisher = bytes.find("/publisher") != std::string_view::npos;
      if (!peer.publisher) Join(server, peer, fd);
      Answer(fd, {kSwitch, sizeof(kSwitch) - 1});
      continue;
    }
    if (!peer.publisher) {
      Answer(fd, {kAnswers, sizeof(kAnswers) - 1});
      continue;
    }
    server.partial += bytes;
    std::string_view rest = server.partial;
    while (const std::size_t used = Republish(server, rest)) rest.remove_prefix(used);
    server.partial.erase(0, server.partial.size() - rest.size());
  }
}

int Listen(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 || listen(fd, 4096) != 0) {
    std::perror("kernel_floor: listen");
    std::exit(1);
  }
  setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof(on));
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: kernel_floor PORT [each|turn]\n");
    return 2;
  }
  Server server;
  server.each = argc < 3 || std::strcmp(argv[2], "turn") != 0;
  server.listener = Listen(std::atoi(argv[1]));
  server.epoll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.fd = server.listener}};
  epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &event);
  epoll_event events[256];
  for (;;) {
    const int count = epoll_wait(server.epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == server.listener) {
        Accept(server);
      } else {
        Read(server, events[i].data.fd);
      }
    }
    if (!server.turn.empty()) {
      SendToAll(server, server.turn);
      server.turn.clear();
    }
  }
}
