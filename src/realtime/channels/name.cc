#include "realtime/channels/name.h"

namespace tidemill::channels {

bool NameParts::ListsUser(std::string_view user) const {
  if (!user_limited || user.empty()) return false;
  std::string_view left = users;
  while (true) {
    const std::size_t comma = left.find(',');
    if (left.substr(0, comma) == user) return true;
    if (comma == std::string_view::npos) return false;
    left.remove_prefix(comma + 1);
  }
}

NameParts ParseChannelName(std::string_view channel) {
  NameParts parts{.rest = channel, .is_private = channel.starts_with('$')};
  if (const std::size_t colon = channel.find(':'); colon != std::string_view::npos) {
    const std::size_t begin = parts.is_private ? 1 : 0;
    parts.name_space = channel.substr(begin, colon - begin);
    parts.rest = channel.substr(colon + 1);
  }
  if (const std::size_t hash = channel.rfind('#'); hash != std::string_view::npos) {
    parts.user_limited = true;
    parts.users = channel.substr(hash + 1);
  }
  return parts;
}

}  // namespace tidemill::channels
