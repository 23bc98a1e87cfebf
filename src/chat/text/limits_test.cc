#include "chat/text/limits.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

TEST(CheckText, CountsCharactersAndBytes) {
  const TextLimits limits{.characters_max = 5, .bytes_max = 12};
  EXPECT_FALSE(CheckText("hello", limits));
  EXPECT_FALSE(CheckText("h\u00e9ll\u00f6", limits));
  const auto longer = CheckText("hello!", limits);
  ASSERT_TRUE(longer);
  EXPECT_TRUE(longer->too_long);
  EXPECT_EQ(longer->message, "the text has 6 characters, and may have 5");
  const auto heavy = CheckText("\u4f60\u4f60\u4f60\u4f60\u4f60", limits);
  ASSERT_TRUE(heavy);
  EXPECT_EQ(heavy->message, "the text has 15 bytes, and may have 12");
  for (const char* empty : {"", " ", "\n\t "}) {
    const auto refused = CheckText(empty, limits);
    ASSERT_TRUE(refused) << empty;
    EXPECT_FALSE(refused->too_long);
  }
}

TEST(CheckName, IsOneLineWithoutBlanksAroundIt) {
  for (const char* good : {"a", "general", "Caf\u00e9 2", "\u4f60\u597d"})
    EXPECT_FALSE(CheckName(good, 8)) << good;
  for (const char* bad : {"", " a", "a ", "a\nb", "a\tb", "123456789"}) EXPECT_TRUE(CheckName(bad, 8)) << bad;
  EXPECT_TRUE(CheckName("123456789", 8)->too_long);
}

TEST(CheckEmoji, IsOneWord) {
  for (const char* good : {"\U0001f44d", "thumbsup", "+1", "\U0001f468\u200d\U0001f469\u200d\U0001f467"}) {
    EXPECT_FALSE(CheckEmoji(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("a/b"), std::string(65, 'a')}) {
    EXPECT_TRUE(CheckEmoji(bad)) << bad;
  }
}

}  // namespace
}  // namespace tidemill::chat
