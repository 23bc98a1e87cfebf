#include "cli/event_reader.h"

#include <algorithm>
#include <utility>

namespace tidemill::cli {

Result<std::vector<StreamEvent>> EventReader::Feed(std::string_view bytes) {
  std::vector<StreamEvent> events;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    if (line_.size() + end > kLineBytesMax) {
      return Fail(Errc::kLimitExceeded, "a line of the stream is over 64 MiB");
    }
    line_.append(bytes.substr(0, end));
    if (end == bytes.size()) break;
    bytes.remove_prefix(end + 1);
    std::string_view line = line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    Take(line, events);
    line_.clear();
  }
  return events;
}

void EventReader::Take(std::string_view line, std::vector<StreamEvent>& events) {
  if (line.empty()) {
    StreamEvent event = std::exchange(event_, {});
    if (std::exchange(has_data_, false)) events.push_back(std::move(event));
    return;
  }
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") event_.name = value;
  if (field == "id") event_.id = value;
  if (field != "data") return;
  if (std::exchange(has_data_, true)) event_.data += '\n';
  event_.data += value;
}

}  // namespace tidemill::cli
