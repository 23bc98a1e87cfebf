#include "chat/search/query.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

constexpr WallTime kJanuary1{1'767'225'600'000};  // 2026-01-01
constexpr WallTime kJanuary2{1'767'312'000'000};

TEST(ParseSearch, ReadsWordsPhrasesAndFilters) {
  struct Case {
    const char* text;
    SearchQuery query;
  };
  const Case cases[] = {
      {"", {}},
      {"  \t\n ", {}},
      {"deploy", {.phrases = {"deploy"}}},
      {"deploy  now", {.phrases = {"deploy", "now"}}},
      {"\"a phrase\" word", {.phrases = {"a phrase", "word"}}},
      {"\"without an end", {.phrases = {"without an end"}}},
      {"a\"b c\"d", {.phrases = {"a", "b c", "d"}}},
      {"\"\"", {}},
      {"from:ada", {.from = {"ada"}}},
      {"from:@ada FROM:grace", {.from = {"ada", "grace"}}},
      {"from:\"ada l\"", {.from = {"ada l"}}},
      {"in:#general in:ops x", {.phrases = {"x"}, .in = {"general", "ops"}}},
      {"has:link has:FILE", {.has_link = true, .has_file = true}},
      {"before:2026-01-01", {.before = kJanuary1}},
      {"after:2026-01-01", {.since = kJanuary2}},
      {"\"from:ada\"", {.phrases = {"from:ada"}}},
      {"http://a.b/c", {.phrases = {"http://a.b/c"}}},
      {"xfrom:ada", {.phrases = {"xfrom:ada"}}},
      {"from", {.phrases = {"from"}}},
      {"東京 tower", {.phrases = {"東京", "tower"}}},
      {"a* OR (b)", {.phrases = {"a*", "OR", "(b)"}}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto query = ParseSearch(c.text);
    ASSERT_TRUE(query) << query.error();
    EXPECT_TRUE(*query == c.query);
  }
}

TEST(ParseSearch, SaysWhatIsWrong) {
  struct Case {
    std::string text;
    const char* problem;
  };
  std::string words;
  for (int i = 0; i < 17; ++i) words += "w" + std::to_string(i) + " ";
  std::string names;
  for (int i = 0; i < 11; ++i) names += "from:u" + std::to_string(i) + " ";
  const Case cases[] = {
      {"from:", "write a name behind from:"},
      {"in:# x", "write a name behind in:"},
      {"before:", "write a day behind before:, as 2026-01-31"},
      {"after:2026-02-30", "write a day behind after:, as 2026-01-31"},
      {"after:2026-1-1", "write a day behind after:, as 2026-01-31"},
      {"after:+026-01-01", "write a day behind after:, as 2026-01-31"},
      {"before:1969-12-31", "write a day behind before:, as 2026-01-31"},
      {"has:image", "has: takes link or file"},
      {words, "search for 16 words at most"},
      {names, "from: may stand 10 times at most"},
      {std::string(1001, 'x'), "a search has 1000 bytes at most"},
      {"\xff", "a search is text in UTF-8"},
      {std::string("a\0b", 3), "a search is text in UTF-8"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto query = ParseSearch(c.text);
    ASSERT_FALSE(query);
    EXPECT_EQ(query.error(), c.problem);
  }
}

}  // namespace
}  // namespace tidemill::chat
