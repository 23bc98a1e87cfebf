#include "base/utf8.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

TEST(Utf8SequenceLength, KnowsWellFormedSequences) {
  struct Case {
    const char* name;
    std::string_view text;
    std::size_t want;
  };
  const Case cases[] = {
      {"empty", "", 0},
      {"ascii", "ab", 1},
      {"two bytes, least", "\xc2\x80", 2},
      {"two bytes, most", "\xdf\xbf", 2},
      {"three bytes, least", "\xe0\xa0\x80", 3},
      {"before the surrogates", "\xed\x9f\xbf", 3},
      {"after the surrogates", "\xee\x80\x80", 3},
      {"four bytes, least", "\xf0\x90\x80\x80", 4},
      {"U+10FFFF", "\xf4\x8f\xbf\xbf", 4},
      {"continuation alone", "\x80", 0},
      {"overlong two", "\xc0\x80", 0},
      {"overlong two, other lead", "\xc1\xbf", 0},
      {"overlong three", "\xe0\x9f\xbf", 0},
      {"surrogate", "\xed\xa0\x80", 0},
      {"overlong four", "\xf0\x8f\xbf\xbf", 0},
      {"over U+10FFFF", "\xf4\x90\x80\x80", 0},
      {"lead that never occurs", "\xf5\x80\x80\x80", 0},
      {"five byte form", "\xf8\x88\x80\x80\x80", 0},
      {"cut", "\xe2\x82", 0},
      {"second byte no continuation", "\xe2(\xa1", 0},
      {"third byte no continuation", "\xe2\x82(", 0},
      {"fourth byte no continuation", "\xf0\x90\x8c(", 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Utf8SequenceLength(c.text), c.want);
  }
}

TEST(IsUtf8, FindsTheOneBadByteAnywhere) {
  const std::string good = "plain ascii of some length, é € 𝄞, and more plain ascii";
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = '\xff';
    EXPECT_FALSE(IsUtf8(bad)) << i;
  }
}

TEST(CutUtf8, KeepsSequencesWhole) {
  const std::string_view text = "aé€𝄞b";  // sequences start at 0, 1, 3, 6, 10
  const std::size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (std::size_t bytes_max = 0; bytes_max < std::size(want); ++bytes_max) {
    EXPECT_EQ(CutUtf8(text, bytes_max).size(), want[bytes_max]) << bytes_max;
  }
  EXPECT_EQ(CutUtf8("\xff\xff\xff\xff", 2).size(), 2u);
}

TEST(AppendUtf8, EncodesTheEdges) {
  struct Case {
    char32_t code_point;
    std::string_view want;
  };
  const Case cases[] = {{0x7f, "\x7f"},
                        {0x80, "\xc2\x80"},
                        {0x7ff, "\xdf\xbf"},
                        {0x800, "\xe0\xa0\x80"},
                        {0xffff, "\xef\xbf\xbf"},
                        {0x10000, "\xf0\x90\x80\x80"},
                        {0x10ffff, "\xf4\x8f\xbf\xbf"}};
  for (const Case& c : cases) {
    std::string out;
    AppendUtf8(c.code_point, out);
    EXPECT_EQ(out, c.want);
    EXPECT_EQ(Utf8SequenceLength(out), out.size());
  }
}

}  // namespace
}  // namespace tidemill
