// Channel names: "namespace:rest", "$private", "name#user1,user2". One parser for every way in.
//
// A name is any text: every way in has checked that it is UTF-8, and rules.h says which names are taken.
#pragma once

#include <string>
#include <string_view>

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

NameParts ParseChannelName(std::string_view channel);

}  // namespace tidemill::channels
