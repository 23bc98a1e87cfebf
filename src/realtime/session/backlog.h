// Backlog: the frames that a client sends while a command of it is in flight.
//
// Reading from the client pauses then, so that it is at most what one read brought; only a flood of the
// tiniest frames comes near the limit. What comes in requests of their own (POST /emulation) has the limit
// alone, and what all sessions of the process have waiting counts in the budget. Loop thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "http/buffer_budget.h"

namespace tidemill::session {

class Backlog {
 public:
  // Of frames, and for each what keeping it costs.
  static constexpr std::size_t kBytesMax = 1 << 20;
  static constexpr std::size_t kFrameOverheadBytes = 64;

  // `buffers` null: there is no budget.
  explicit Backlog(http::BufferBudget* buffers) : buffers_(buffers), share_(buffers) {}

  // false: it does not fit any more.
  bool Push(std::string_view frame);
  // The oldest; nullopt when it is empty.
  std::optional<std::string> Pop();

 private:
  std::deque<std::string> frames_;
  std::size_t bytes_ = 0;
  http::BufferBudget* const buffers_;
  http::BufferShare share_;
};

}  // namespace tidemill::session
