#include "base/base64.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

TEST(Base64, EncodesAndDecodesTheVectorsOfTheRfc) {
  struct Case {
    std::string_view bytes;
    std::string_view standard;
    std::string_view url;
  };
  const Case cases[] = {
      {"", "", ""},
      {"f", "Zg==", "Zg"},
      {"fo", "Zm8=", "Zm8"},
      {"foo", "Zm9v", "Zm9v"},
      {"foob", "Zm9vYg==", "Zm9vYg"},
      {"fooba", "Zm9vYmE=", "Zm9vYmE"},
      {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
      {"\xfb\xff\xfe", "+//+", "-__-"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.standard);
    EXPECT_EQ(Base64Encode(c.bytes, Base64::kStandard), c.standard);
    EXPECT_EQ(Base64Encode(c.bytes, Base64::kUrl), c.url);
    EXPECT_EQ(Base64Decode(c.standard, Base64::kStandard), c.bytes);
    EXPECT_EQ(Base64Decode(c.url, Base64::kUrl), c.bytes);
  }
}

TEST(Base64, ReadsBackEveryByteAtEveryPlace) {
  for (std::size_t size = 1; size <= 4; ++size) {
    for (int byte = 0; byte < 256; ++byte) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string bytes(size, 'x');
        bytes[at] = static_cast<char>(byte);
        ASSERT_EQ(Base64Decode(Base64Encode(bytes, Base64::kStandard), Base64::kStandard), bytes);
        ASSERT_EQ(Base64Decode(Base64Encode(bytes, Base64::kUrl), Base64::kUrl), bytes);
      }
    }
  }
}

TEST(Base64, RefusesEveryOtherSpelling) {
  using namespace std::string_view_literals;
  const std::string_view standard[] = {
      "Zg",    "Zg=",   "Zg===",    "Z===", "====", "=",     "Zm8",      "Zh==",    "Zm9=",    "Zm9v\n",
      " Zm9v", "Zm 9v", "Zg==Zg==", "Z=g=", "-__-", "Zm9v=", "Zm9v====", "Zm9\0"sv, "Zm9\xff", "A"};
  for (const std::string_view text : standard) {
    SCOPED_TRACE(text);
    EXPECT_EQ(Base64Decode(text, Base64::kStandard), std::nullopt);
  }
  const std::string_view url[] = {"Zg==", "Zm8=",  "Z",    "Zm9vZ",  "Zh", "Zm9",
                                  "+//+", "Zm9v=", "Zm 9", "Zm9v\n", "="};
  for (const std::string_view text : url) {
    SCOPED_TRACE(text);
    EXPECT_EQ(Base64Decode(text, Base64::kUrl), std::nullopt);
  }
}

}  // namespace
}  // namespace tidemill
