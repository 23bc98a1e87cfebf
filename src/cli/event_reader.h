// EventReader: the events of a text/event-stream (WHATWG HTML, section 9.2.6). Bytes in, events out; no I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidemill::cli {

struct StreamEvent {
  std::string name = "message";
  std::string data;
  std::string id;  // "": it has none
};

class EventReader {
 public:
  // The longest line.
  static constexpr std::size_t kLineBytesMax = std::size_t{64} << 20;

  // More bytes; gives the events that they complete. kLimitExceeded: a line is longer than kLineBytesMax.
  Result<std::vector<StreamEvent>> Feed(std::string_view bytes);

 private:
  void Take(std::string_view line, std::vector<StreamEvent>& events);

  std::string line_;  // the beginning of one
  StreamEvent event_;
  bool has_data_ = false;
};

}  // namespace tidemill::cli
