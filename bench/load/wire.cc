#include "load/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace load {

void Die(const std::string& why) {
  std::fprintf(stderr, "load: %s\n", why.c_str());
  std::exit(1);
}

std::int64_t Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

int Connect(int port, int source, bool slow) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) Die("socket: " + std::string(std::strerror(errno)) + " (raise the open-file limit)");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const int small = 4096;
  if (slow) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<unsigned>(source) % 200);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    Die("bind: " + std::string(std::strerror(errno)));
  }
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 && errno != EINPROGRESS) {
    Die("connect: " + std::string(std::strerror(errno)));
  }
  return fd;
}

bool Connected(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

void SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == ENOTCONN) {
      pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
      poll(&wait, 1, 1000);
    } else if (errno != EINTR) {
      Die("send: " + std::string(std::strerror(errno)));
    }
  }
}

std::string Handshake(std::string_view path, std::string_view headers) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         std::string(headers) + "\r\n";
}

void AppendFrame(std::string_view payload, std::string& out) {
  out += '\x81';
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += '\xfe';
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 255);
  }
  constexpr char kMask[] = {0x12, 0x34, 0x56, 0x78};
  out.append(kMask, 4);
  const std::size_t start = out.size();
  out.append(payload);
  for (std::size_t i = 0; i < payload.size(); ++i) out[start + i] ^= kMask[i & 3];
}

std::size_t FrameBytes(std::size_t payload_bytes) { return payload_bytes + (payload_bytes < 126 ? 2 : 4); }

Frame TakeFrame(std::string_view bytes) {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at]));
  };
  if (bytes.size() < 2) return {};
  std::size_t length = byte(1);
  std::size_t header = 2;
  if (length == 126) {
    if (bytes.size() < 4) return {};
    length = byte(2) << 8 | byte(3);
    header = 4;
  } else if (length == 127) {
    if (bytes.size() < 10) return {};
    length = 0;
    for (std::size_t at = 2; at < 10; ++at) length = length << 8 | byte(at);
    header = 10;
  } else if (length > 127) {
    Die("a masked frame, which no server may send");
  }
  if (bytes.size() < header + length) return {};
  return {.bytes = header + length,
          .opcode = static_cast<int>(byte(0) & 15),
          .payload = bytes.substr(header, length)};
}

}  // namespace load
