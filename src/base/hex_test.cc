#include "base/hex.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

TEST(Hex, ReadsBackEveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  const std::string text = HexEncode(bytes);
  EXPECT_EQ(text.substr(0, 6), "000102");
  EXPECT_EQ(text.substr(text.size() - 4), "feff");
  EXPECT_EQ(HexDecode(text), bytes);
  EXPECT_EQ(HexDecode("aAfF"), "\xaa\xff");
  EXPECT_EQ(HexDecode(""), "");
}

TEST(Hex, RefusesWhatIsNotPairsOfDigits) {
  for (const char* text : {"0", "abc", "0g", "g0", "0x", " 0", "0 ", "-1"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(HexDecode(text), std::nullopt);
  }
}

}  // namespace
}  // namespace tidemill
