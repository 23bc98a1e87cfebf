#include "accounts/password.h"

#include <gtest/gtest.h>

namespace tidemill::accounts {
namespace {

constexpr PasswordCost kCheap{.log2_n = 4, .r = 1, .p = 1};

TEST(Password, VerifiesWhatItHasHashedAndNothingElse) {
  const std::string hash = HashPassword("correct horse", kCheap);
  EXPECT_TRUE(hash.starts_with("$scrypt$ln=4,r=1,p=1$")) << hash;
  EXPECT_TRUE(VerifyPassword("correct horse", hash));
  for (const char* wrong : {"", "correct hors", "correct horse ", "Correct horse"}) {
    EXPECT_FALSE(VerifyPassword(wrong, hash)) << wrong;
  }
}

TEST(Password, TwoHashesOfOnePasswordDiffer) {
  EXPECT_NE(HashPassword("x", kCheap), HashPassword("x", kCheap));
}

TEST(Password, ANulIsACharacterAsAnyOther) {
  using namespace std::string_literals;
  const std::string hash = HashPassword("a\0b"s, kCheap);
  EXPECT_TRUE(VerifyPassword("a\0b"s, hash));
  EXPECT_FALSE(VerifyPassword("a", hash));
}

// RFC 7914 section 12: N = 16, r = 1, p = 1 of the empty password and salt, of which 32 bytes; and N = 1024,
// r = 8, p = 16 of "password" and "NaCl".
TEST(Password, IsScrypt) {
  EXPECT_TRUE(VerifyPassword("", "$scrypt$ln=4,r=1,p=1$$d9ZXYjhleyA7GcpCwYoEl_FrSETjB0ro39_6P-3iFEI"));
  EXPECT_TRUE(VerifyPassword("password",
                             "$scrypt$ln=10,r=8,p=16$TmFDbA$_bq-HJ00cgB4VucZDQHp_nxq18vII3gw53N2Y0s3MWI"));
}

TEST(Password, WhatIsNoHashFitsNothing) {
  const std::string good = HashPassword("x", kCheap);
  const std::string bad[] = {"",
                             "x",
                             "$scrypt$",
                             "$scrypt$ln=4,r=1,p=1$",
                             "$scrypt$ln=4,r=1,p=1$a$b",
                             good + "A",
                             good.substr(0, good.size() - 1),
                             "$scrypt$ln=99,r=8,p=1$AA$" + good.substr(good.rfind('$') + 1),
                             "$scrypt$ln=24,r=64,p=1$AA$" + good.substr(good.rfind('$') + 1)};
  for (const std::string& hash : bad) {
    EXPECT_FALSE(VerifyPassword("x", hash)) << hash;
    EXPECT_TRUE(NeedsRehash(hash, kCheap)) << hash;
  }
  EXPECT_FALSE(NeedsRehash(good, kCheap));
  EXPECT_TRUE(NeedsRehash(good, {}));
}

}  // namespace
}  // namespace tidemill::accounts
