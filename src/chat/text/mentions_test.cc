#include "chat/text/mentions.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::chat {
namespace {

std::string Found(std::string_view text) {
  const MentionedNames mentions = FindMentions(text);
  std::string all;
  for (const std::string& each : mentions.usernames) all += each + " ";
  if (mentions.room) all += "ROOM ";
  if (mentions.here) all += "HERE ";
  return all.empty() ? "" : all.substr(0, all.size() - 1);
}

TEST(FindMentions, FindsNames) {
  struct Case {
    const char* text;
    const char* found;
  };
  const Case cases[] = {
      {"", ""},
      {"@ada", "ada"},
      {"hello @Ada, and @bob.", "ada bob"},
      {"(@ada)", "ada"},
      {"@ada @ada @ADA", "ada"},
      {"@a.b-c_d1.", "a.b-c_d1"},
      {"write to ada@example.com", ""},
      {"@", ""},
      {"@@ada", ""},
      {"@room now", "ROOM"},
      {"@channel @all", "ROOM"},
      {"@here and @ada", "ada HERE"},
      {"你好@ada", "ada"},
      {"`@ada` @bob", "bob"},
      {"``a ` @ada`` @bob", "bob"},
      {"```\n@ada\n``` @bob", "bob"},
      {"an open ` @ada", "ada"},
      {"an open ``` @ada", "ada"},
      {"*@ada*", "ada"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Found(c.text), c.found);
  }
}

TEST(FindMentions, HasALimit) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "@user" + std::to_string(i) + " ";
  EXPECT_EQ(FindMentions(text).usernames.size(), kMentionsMax);
  EXPECT_EQ(Found("@" + std::string(65, 'a')), "");
  EXPECT_EQ(Found("@" + std::string(64, 'a')), std::string(64, 'a'));
}

}  // namespace
}  // namespace tidemill::chat
