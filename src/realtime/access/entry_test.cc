#include "realtime/access/entry.h"

#include <gtest/gtest.h>

namespace tidemill::access {
namespace {

TEST(AccessEntry, ComesOutOfItsTextAsItWentIn) {
  const Entry entries[] = {
      {.kind = Kind::kUser, .subject = "42", .expire_at = 9, .decided_at = 1'800'000'000'123},
      {.kind = Kind::kUser, .subject = "a:b c\n", .decided_at = 1, .lifted = true},
      {.kind = Kind::kToken, .subject = "6ba7b810-9dad", .decided_at = 2},
      {.kind = Kind::kUserTokens, .subject = "5:x", .issued_before = -7, .decided_at = 3},
      {.kind = Kind::kUserTokens, .subject = "u", .channel = "chat:1", .issued_before = 8, .decided_at = 4},
  };
  for (const Entry& entry : entries) {
    SCOPED_TRACE(KeyOf(entry));
    const auto parsed = ParseEntry(KeyOf(entry), ValueOf(entry));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, entry);
  }
  EXPECT_EQ(KeyOf(entries[4]), "i:1:uchat:1");
  EXPECT_EQ(ValueOf(entries[4]), "4 0 8 0");
}

TEST(AccessEntry, TwoOfDifferentUsersAndChannelsNeverHaveOneKey) {
  const Entry one{.kind = Kind::kUserTokens, .subject = "ab", .channel = "c"};
  const Entry other{.kind = Kind::kUserTokens, .subject = "a", .channel = "bc"};
  EXPECT_NE(KeyOf(one), KeyOf(other));
}

TEST(AccessEntry, RefusesWhatIsNoEntry) {
  struct Case {
    const char* key;
    const char* value;
  };
  for (const Case& c : {Case{"", "1 0 0 0"},
                        {"x:u", "1 0 0 0"},
                        {"u", "1 0 0 0"},
                        {"u:", "1 0 0 0"},
                        {"u:42", ""},
                        {"u:42", "1 0 0"},
                        {"u:42", "1 0 0 2"},
                        {"u:42", "a 0 0 0"},
                        {"u:42", "1 0 0 0 0"},
                        {"i:9:ab", "1 0 0 0"},
                        {"i:0:ab", "1 0 0 0"},
                        {"i:ab", "1 0 0 0"},
                        {"i:-1:ab", "1 0 0 0"},
                        {"i:99999999999999999999:a", "1 0 0 0"}}) {
    SCOPED_TRACE(std::string(c.key) + " = " + c.value);
    EXPECT_FALSE(ParseEntry(c.key, c.value));
  }
}

TEST(AccessEntry, SaysWhichTokensItRevokes) {
  const Entry token{.kind = Kind::kToken, .subject = "t1"};
  EXPECT_TRUE(Revokes(token, "u", {.id = "t1"}, ""));
  EXPECT_TRUE(Revokes(token, "u", {.id = "t1"}, "news")) << "of a subscription too";
  EXPECT_FALSE(Revokes(token, "u", {.id = "t2"}, ""));
  EXPECT_FALSE(Revokes(token, "u", {}, ""));

  const Entry tokens{.kind = Kind::kUserTokens, .subject = "u", .issued_before = 100};
  EXPECT_TRUE(Revokes(tokens, "u", {.issued_at = 99}, ""));
  EXPECT_FALSE(Revokes(tokens, "u", {.issued_at = 100}, ""));
  EXPECT_TRUE(Revokes(tokens, "u", {}, "")) << "a token that does not say when it was issued";
  EXPECT_FALSE(Revokes(tokens, "v", {.issued_at = 99}, ""));
  EXPECT_FALSE(Revokes(tokens, "u", {.issued_at = 99}, "news")) << "a token of a subscription";

  const Entry of_news{.kind = Kind::kUserTokens, .subject = "u", .channel = "news", .issued_before = 100};
  EXPECT_TRUE(Revokes(of_news, "u", {.issued_at = 99}, "news"));
  EXPECT_FALSE(Revokes(of_news, "u", {.issued_at = 99}, ""));
}

}  // namespace
}  // namespace tidemill::access
