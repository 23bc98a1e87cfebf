#include "base/sip_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill {
namespace {

// Of the reference implementation: key 00 01 … 0f, input 00 01 … of the length.
TEST(SipHash, GivesThePublishedVectors) {
  constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  struct Case {
    std::size_t length;
    std::uint64_t hash;
  };
  const Case cases[] = {
      {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
      {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.length);
    std::string input;
    for (std::size_t i = 0; i < c.length; ++i) input += static_cast<char>(i);
    EXPECT_EQ(SipHash(kKey, input), c.hash);
  }
}

TEST(SipHash, RandomKeysDiffer) {
  const SipKey a = SipKey::Random();
  const SipKey b = SipKey::Random();
  EXPECT_FALSE(a.low == b.low && a.high == b.high);
  EXPECT_NE(SipHash(a, "x"), SipHash(b, "x"));
}

}  // namespace
}  // namespace tidemill
