// LineWriter: lines for a descriptor whose reader may stop. A thread of its own writes them, so that nobody
// who adds a line ever waits: what the reader does not take waits in memory up to a limit, and beyond it
// lines are dropped, counted, and their number is written where they are missing.
//
// Any thread, except construction and the end: nobody adds lines then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tidemill::log {

struct LineWriterOptions {
  int descriptor = 2;  // stays the caller's; open for longer than this
  std::size_t waiting_bytes_max = 1u << 20;
  Duration end_patience = Seconds(1);  // for what waits at the end
  // The line, without newline, that says how many were dropped before it.
  std::string (*describe_dropped)(std::uint64_t lines) = nullptr;
};

class LineWriter {
 public:
  explicit LineWriter(LineWriterOptions options);
  // Waits until all is written, but no longer than end_patience. A write that hangs then keeps its thread
  // until the process ends.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // `line` has no newline.
  void Add(std::string_view line);

  // Waits until all is written; false: not within `patience`. Safe in a signal handler.
  bool Flush(Duration patience) const;

  // Lines that were not written: there was no room, or the descriptor refused them.
  std::uint64_t dropped() const;
  std::size_t waiting_bytes() const;

 private:
  struct State;
  const LineWriterOptions options_;
  const std::shared_ptr<State> state_;  // shared with the thread, which may outlive this
};

// Writes while the descriptor takes bytes, and waits for it at most `patience` in all: whether all was
// written. Safe in a signal handler.
bool WriteWithin(int descriptor, std::string_view bytes, Duration patience);

}  // namespace tidemill::log
