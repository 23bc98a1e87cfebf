#include "realtime/control/directory.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace tidemill::control {

ConnectionsPage Merge(std::vector<ConnectionsPage> pages, std::uint32_t limit) {
  if (pages.size() == 1) return std::move(pages.front());
  ConnectionsPage merged;
  std::optional<std::string> end;  // what comes after it is not known of every page
  for (ConnectionsPage& page : pages) {
    if (page.has_more && !page.connections.empty()) {
      const std::string& last = page.connections.back().client;
      if (!end || last < *end) end = last;
    }
    merged.has_more = merged.has_more || page.has_more;
    std::ranges::move(page.connections, std::back_inserter(merged.connections));
  }
  std::ranges::sort(merged.connections, {}, &ConnectionInfo::client);
  if (end) {
    const auto after = std::ranges::upper_bound(merged.connections, *end, {}, &ConnectionInfo::client);
    merged.connections.erase(after, merged.connections.end());
  }
  if (merged.connections.size() > limit) {
    merged.connections.resize(limit);
    merged.has_more = true;
  }
  return merged;
}

}  // namespace tidemill::control
