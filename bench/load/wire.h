// What the load generator says and hears: sockets and WebSocket frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

// Nanoseconds, CLOCK_MONOTONIC.
std::int64_t Now();

// Non-blocking TCP to 127.0.0.1, from 127.0.0.(1 + source % 200) so that ports do not run out. Exits on
// failure. One that is slow has a small receive buffer.
int Connect(int port, int source, bool slow = false);
// Whether a connection attempt that has ended succeeded.
bool Connected(int fd);
// Sends all of it, waiting if it must.
void SendAll(int fd, std::string_view bytes);

// The opening handshake's request; `headers`: further lines, each with its end.
std::string Handshake(std::string_view path, std::string_view headers = "");
// One masked text frame.
void AppendFrame(std::string_view payload, std::string& out);
// Bytes of a server's frame around a payload of so many.
std::size_t FrameBytes(std::size_t payload_bytes);

struct Frame {
  std::size_t bytes = 0;  // with its header; 0: not whole
  int opcode = 0;
  std::string_view payload;
};
// The server's frame at the front of `bytes`.
Frame TakeFrame(std::string_view bytes);

constexpr int kTextFrame = 1;
constexpr int kCloseFrame = 8;

[[noreturn]] void Die(const std::string& why);

}  // namespace load
