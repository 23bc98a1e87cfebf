// Channel names: "namespace:rest", "$private", "name#user1,user2". One parser for every way in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong.h"

namespace tidemill::channels {

using ChannelName = Strong<std::string, struct ChannelNameTag>;

// What the name says of itself. Views into the parsed text.
struct NameParts {
  // Before the first ':', without the '$': "$chat:x" is of namespace "chat". "" when there is no ':' or
  // nothing in front of it: both mean the options without a namespace.
  std::string_view name_space = "";
  // After the first ':'; without one the whole name, its '$' included. What channel_regex is matched on.
  std::string_view rest = "";
  bool is_private = false;      // begins with '$': a token is needed
  bool user_limited = false;    // has a '#'
  std::string_view users = "";  // after the last '#', separated by ','

  // Whether `users` names `user`. The anonymous user "" is never listed, whatever the name says.
  bool ListsUser(std::string_view user) const;
};

// kInvalidArgument: empty, longer than `bytes_max`, or a byte outside printable ASCII (0x21–0x7e).
Result<NameParts> ParseChannelName(std::string_view channel, std::size_t bytes_max);

}  // namespace tidemill::channels
