#include "base/percent.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

TEST(PercentEncode, EveryByteIsDecodedToItself) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string text;
    AppendPercentEncoded(static_cast<char>(byte), text);
    EXPECT_EQ(text.size(), 3u);
    EXPECT_EQ(PercentDecode(text), std::string(1, static_cast<char>(byte)));
  }
  std::string text;
  AppendPercentEncoded('\xfe', text);
  EXPECT_EQ(text, "%FE");
}

TEST(PercentDecode, DecodesOrRefuses) {
  struct Case {
    std::string_view text;
    std::optional<std::string> itself;
    std::optional<std::string> blank;
  };
  const Case cases[] = {
      {"", "", ""},
      {"a b", "a b", "a b"},
      {"a+b", "a+b", "a b"},
      {"%41%6a%6A", "Ajj", "Ajj"},
      {"%2B%25", "+%", "+%"},
      {"%00", std::string(1, '\0'), std::string(1, '\0')},
      {"%FF", "\xff", "\xff"},
      {"%", std::nullopt, std::nullopt},
      {"%4", std::nullopt, std::nullopt},
      {"a%4g", std::nullopt, std::nullopt},
      {"%%41", std::nullopt, std::nullopt},
      {"%+1", std::nullopt, std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(PercentDecode(c.text), c.itself);
    EXPECT_EQ(PercentDecode(c.text, Plus::kBlank), c.blank);
  }
}

}  // namespace
}  // namespace tidemill
