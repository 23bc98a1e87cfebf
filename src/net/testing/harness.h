// For tests of what sits on streams: a loop driven by hand, connected pairs, a handler that records.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/loop.h"
#include "net/socket.h"
#include "net/stream.h"

namespace tidemill::net::testing {

std::unique_ptr<Loop> OpenLoop(LoopOptions options = {});

// Runs turns until `done` says so; false if that takes longer than kPatience.
bool RunUntil(Loop& loop, const std::function<bool()>& done);

// Turns that wait for nothing: whatever is ready now, and what follows from it.
void RunTurns(Loop& loop, int turns = 4);

// Two connected non-blocking sockets.
std::pair<Fd, Fd> SocketPair();
// The same over TCP on the loopback interface.
std::pair<Fd, Fd> TcpPair();

// Blocking helpers for the test's own end of a pair.
std::string ReadAvailable(int fd);
void WriteAll(int fd, std::string_view bytes);

// Keeps what it is told, and can be asked to react.
struct RecordingHandler final : StreamHandler {
  void OnData(std::string_view bytes) override {
    received += bytes;
    ++reads;
    if (on_data) on_data(bytes);
  }
  void OnWritable() override {
    ++writable;
    if (on_writable) on_writable();
  }
  void OnClosed() override { ++closed; }

  std::string received;
  int reads = 0;
  int writable = 0;
  int closed = 0;
  std::function<void(std::string_view)> on_data;
  std::function<void()> on_writable;
};

}  // namespace tidemill::net::testing
