#include "realtime/channels/name.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tidemill::channels {
namespace {

TEST(ParseChannelName, SplitsTheName) {
  struct Case {
    std::string_view channel, name_space, rest;
    bool is_private, user_limited;
    std::string_view users;
  };
  const Case cases[] = {
      {"news", "", "news", false, false, ""},
      {"chat:index", "chat", "index", false, false, ""},
      {"chat:", "chat", "", false, false, ""},
      {":index", "", "index", false, false, ""},
      {":", "", "", false, false, ""},
      {"chat:a:b", "chat", "a:b", false, false, ""},
      {"$news", "", "$news", true, false, ""},
      {"$chat:index", "chat", "index", true, false, ""},
      {"$:index", "", "index", true, false, ""},
      {"$", "", "$", true, false, ""},
      {"$$chat:x", "$chat", "x", true, false, ""},
      {"chat:$x", "chat", "$x", false, false, ""},
      {"ch$at:x", "ch$at", "x", false, false, ""},
      {"dialog#42", "", "dialog#42", false, true, "42"},
      {"dialog#42,43", "", "dialog#42,43", false, true, "42,43"},
      {"chat:dialog#42", "chat", "dialog#42", false, true, "42"},
      {"$chat:dialog#42", "chat", "dialog#42", true, true, "42"},
      {"#42", "", "#42", false, true, "42"},
      {"#", "", "#", false, true, ""},
      {"a#1#2", "", "a#1#2", false, true, "2"},
      {"a#1#", "", "a#1#", false, true, ""},
      {"chat#42:x", "chat#42", "x", false, true, "42:x"},
      {"", "", "", false, false, ""},
      {" ", "", " ", false, false, ""},
      {"uni:\xd1\x87#\xd1\x8b", "uni", "\xd1\x87#\xd1\x8b", false, true, "\xd1\x8b"},
      {"/a/b?c=[d]{e}|~\\\"'", "", "/a/b?c=[d]{e}|~\\\"'", false, false, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.channel);
    const NameParts parts = ParseChannelName(c.channel);
    EXPECT_EQ(parts.name_space, c.name_space);
    EXPECT_EQ(parts.rest, c.rest);
    EXPECT_EQ(parts.is_private, c.is_private);
    EXPECT_EQ(parts.user_limited, c.user_limited);
    EXPECT_EQ(parts.users, c.users);
  }
}

TEST(NameParts, ListsOnlyWholeUsers) {
  struct Case {
    std::string_view channel, user;
    bool listed;
  };
  const Case cases[] = {
      {"d#42", "42", true},        {"d#42", "4", false},    {"d#42", "2", false},
      {"d#42", "422", false},      {"d#42,43", "42", true}, {"d#42,43", "43", true},
      {"d#42,43", "42,43", false}, {"d#,42", "42", true},   {"d#42,", "42", true},
      {"d#42,,43", "43", true},    {"d#42,", "", false},    {"d#", "", false},
      {"d#,", "", false},          {"d#42", "", false},     {"d#1#2", "1", false},
      {"d#1#2", "2", true},        {"d42", "42", false},    {"42", "42", false},
      {"d#Bob", "bob", false},     {"ns:d#42", "42", true}, {"$ns:d#42", "42", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.channel) + " for " + std::string(c.user));
    const NameParts parts = ParseChannelName(c.channel);
    EXPECT_EQ(parts.ListsUser(c.user), c.listed);
  }
}

}  // namespace
}  // namespace tidemill::channels
