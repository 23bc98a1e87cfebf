#include "base/ascii.h"

#include <gtest/gtest.h>

#include <cctype>

namespace tidemill {
namespace {

TEST(Ascii, AgreesWithTheCLibraryOnEveryByte) {
  for (int byte = 0; byte < 256; ++byte) {
    SCOPED_TRACE(byte);
    const char c = static_cast<char>(byte);
    const bool ascii = byte < 128;
    EXPECT_EQ(IsDigit(c), ascii && std::isdigit(byte) != 0);
    EXPECT_EQ(IsLetter(c), ascii && std::isalpha(byte) != 0);
    EXPECT_EQ(HexValue(c) >= 0, ascii && std::isxdigit(byte) != 0);
    EXPECT_EQ(ToLower(c), ascii ? static_cast<char>(std::tolower(byte)) : c);
    // RFC 9110 section 5.6.2: visible bytes but for the delimiters.
    const bool delimiter = std::string_view("\"(),/:;<=>?@[\\]{}").contains(c);
    EXPECT_EQ(IsTokenByte(c), ascii && std::isgraph(byte) != 0 && !delimiter);
    EXPECT_EQ(IsToken(std::string_view(&c, 1)), IsTokenByte(c));
  }
}

TEST(Ascii, HexValuesOfBothCases) {
  EXPECT_EQ(HexValue('0'), 0);
  EXPECT_EQ(HexValue('9'), 9);
  EXPECT_EQ(HexValue('a'), 10);
  EXPECT_EQ(HexValue('F'), 15);
}

TEST(Ascii, ComparesWithoutCase) {
  EXPECT_TRUE(EqualIgnoringCase("", ""));
  EXPECT_TRUE(EqualIgnoringCase("Keep-Alive", "keep-aLIVE"));
  EXPECT_FALSE(EqualIgnoringCase("close", "closed"));
  EXPECT_FALSE(EqualIgnoringCase("@", "`"));        // 0x20 apart, no letters
  EXPECT_FALSE(EqualIgnoringCase("\xc4", "\xe4"));  // letters of Latin-1, not of ASCII
  EXPECT_EQ(ToLower("X-API-Key \xc4"), "x-api-key \xc4");
}

TEST(Ascii, TokensAndBlanks) {
  EXPECT_FALSE(IsToken(""));
  EXPECT_TRUE(IsToken("x-a!b"));
  EXPECT_FALSE(IsToken("x a"));
  EXPECT_EQ(TrimBlanks(" \t a b\t "), "a b");
  EXPECT_EQ(TrimBlanks(" \t"), "");
  EXPECT_EQ(TrimBlanks("\na\n"), "\na\n");
}

}  // namespace
}  // namespace tidemill
