#include "chat/text/slack_text.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

TEST(FromSlackText, TranslatesWhatServicesWrite) {
  struct Case {
    const char* slack;
    const char* message;
  };
  const Case cases[] = {
      {"", ""},
      {"plain *bold*", "plain *bold*"},
      {"<https://a.b/c?d=1&amp;e=2|build 7> failed", "[build 7](https://a.b/c?d=1&e=2) failed"},
      {"see <http://a.b>", "see http://a.b"},
      {"<mailto:a@b.c|a@b.c>", "[a@b.c](mailto:a@b.c)"},
      {"<!here> <!channel> <!everyone>", "@here @room @room"},
      {"a &lt; b &amp;&amp; c &gt; d &amp;lt;", "a < b && c > d &lt;"},
      {"<@U024BE7LH> <#C1>", "<@U024BE7LH> <#C1>"},
      {"<javascript:alert(1)|x>", "<javascript:alert(1)|x>"},
      {"1 < 2", "1 < 2"},
      {"<https://a.b", "<https://a.b"},
      {"<", "<"},
      {"&", "&"},
  };
  for (const Case& c : cases) EXPECT_EQ(FromSlackText(c.slack), c.message) << c.slack;
}

}  // namespace
}  // namespace tidemill::chat
