#include "chat/text/command.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

TEST(ParseCommand, ReadsTheKnownOnes) {
  struct Case {
    const char* text;
    CommandKind kind;
    const char* rest;
  };
  const Case cases[] = {
      {"/me waves", CommandKind::kMe, "waves"},
      {"/ME  waves ", CommandKind::kMe, "waves"},
      {"/topic", CommandKind::kTopic, ""},
      {"/topic All about it", CommandKind::kTopic, "All about it"},
      {"/invite @ada @bob", CommandKind::kInvite, "@ada @bob"},
      {"/leave", CommandKind::kLeave, ""},
      {"/leave\n", CommandKind::kLeave, ""},
      {"/shrug", CommandKind::kShrug, ""},
      {"/shrug who knows", CommandKind::kShrug, "who knows"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto parsed = ParseCommand(c.text);
    ASSERT_TRUE(parsed && *parsed);
    EXPECT_EQ(**parsed, (Command{.kind = c.kind, .rest = c.rest}));
  }
}

TEST(ParseCommand, LeavesTextsAlone) {
  for (const char* text : {"", "hello", "/", "/ me", "//me", "/usr/bin is a folder", "/1", "see /me"}) {
    const auto parsed = ParseCommand(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_FALSE(*parsed) << text;
  }
  EXPECT_EQ(WithoutEscape("//me"), "/me");
  EXPECT_EQ(WithoutEscape("// a comment"), "// a comment");
  EXPECT_EQ(WithoutEscape("/me"), "/me");
}

TEST(ParseCommand, SaysWhatIsWrong) {
  EXPECT_EQ(
      ParseCommand("/frobnicate it").error(),
      "there is no command /frobnicate; there are /me, /topic, /invite, /leave, /shrug. A text that is to "
      "begin with / is sent with //");
  EXPECT_EQ(ParseCommand("/me").error(), "it is written \"/me waves\"");
  EXPECT_EQ(ParseCommand("/leave now").error(), "it is written \"/leave\"");
}

}  // namespace
}  // namespace tidemill::chat
