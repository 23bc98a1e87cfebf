#include "realtime/channels/name.h"

#include <algorithm>

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

Result<NameParts> ParseChannelName(std::string_view channel, std::size_t bytes_max) {
  if (channel.empty()) return Fail(Errc::kInvalidArgument, "empty channel name");
  if (channel.size() > bytes_max) {
    return Fail(Errc::kInvalidArgument, "channel name longer than " + std::to_string(bytes_max) + " bytes");
  }
  const auto is_printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::ranges::all_of(channel, is_printable)) {
    return Fail(Errc::kInvalidArgument, "channel name with a byte outside 0x21 to 0x7e");
  }

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
