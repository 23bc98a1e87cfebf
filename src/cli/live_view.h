// LiveView: a live result as a terminal shows it, from the events of its stream (queries/live/streams.h).
//
// Knows neither connections nor terminals. One owner at a time.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/event_reader.h"

namespace tidemill::cli {

class LiveView {
 public:
  // `name`: stands above the table.
  explicit LiveView(std::string name) : name_(std::move(name)) {}

  // kInvalidArgument: its data is not what such an event has; nothing has changed.
  Result<void> Apply(const StreamEvent& event);
  // "connecting", "live", …: stands beside the name; what the stream says of itself replaces it.
  void SetState(std::string state) { state_ = std::move(state); }

  // The name and the state, and the rows as a table in their order.
  std::string ToText() const;

 private:
  struct Row {
    std::int64_t order = 0;
    std::string json;
  };

  const std::string name_;
  std::string state_ = "connecting";
  std::map<std::string, Row> rows_;  // by key
};

// {"event":"change","data":{…}} and a line break.
std::string EventLine(const StreamEvent& event);

}  // namespace tidemill::cli
