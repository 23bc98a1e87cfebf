#include "accounts/names.h"

#include <gtest/gtest.h>

namespace tidemill::accounts {
namespace {

using namespace std::string_literals;

TEST(Username, IsNormalisedAndPlain) {
  EXPECT_EQ(NormalisedUsername("  Ada.Lovelace\t"), "ada.lovelace");
  for (const char* good : {"ada", "a1", "0x", "a_b-c.d", "abcdefghijklmnopqrstuvwxyz012345"}) {
    EXPECT_FALSE(WhyNotUsername(good)) << good;
  }
  const std::string bad[] = {"",
                             "a",
                             "abcdefghijklmnopqrstuvwxyz0123456",
                             "a b",
                             "-ab",
                             ".ab",
                             "_ab",
                             "Ada",
                             "a\0b"s,
                             "a/b",
                             "ad\xc3\xa4",
                             "\xd0\xb0"
                             "da",  // Cyrillic
                             "ada\xe2\x80\xae",
                             "a@b",
                             "a\nb",
                             "ａｄａ"};
  for (const std::string& name : bad) EXPECT_TRUE(WhyNotUsername(name)) << name;
}

TEST(ShownName, MayBeOfAnyScriptAndChangesNothingAroundIt) {
  const char* const good[] = {"A",    "Ada Lovelace",       "Zoë",        "李小龍",
                              "محمد", "👩‍👩‍👧", "O'Neil <b>", "می‌خواهم"};
  for (const char* name : good) EXPECT_FALSE(WhyNotName(name)) << name;
  const std::string bad[] = {"",
                             std::string(129, 'a'),
                             "a\0b"s,
                             "a\nb",
                             "a\x7f",
                             "\xff",
                             "a\xe2\x80\xae"
                             "b",  // RLO
                             "a\xe2\x81\xa6"
                             "b",
                             "a\xe2\x80\x8b"
                             "b",
                             "\xef\xbb\xbf"
                             "a",
                             "\xd8\x9c"
                             "a",
                             "\xe2\x80\x8d",
                             "\xc2\xa0",
                             "\xc2\x85",
                             "\xe2\x80\xa8",
                             "\xf3\xa0\x81\x81"
                             "a",
                             "\xef\xbf\xbf"};
  for (const std::string& name : bad) EXPECT_TRUE(WhyNotName(name)) << name;
}

TEST(Email, IsAnAddressOrNothing) {
  for (const char* good : {"", "ada@example.com", "a.b+c@sub.example.org", "x@localhost"}) {
    EXPECT_FALSE(WhyNotEmail(good)) << good;
  }
  const std::string bad[] = {"ada",   "@b",   "a@",   "a@b@c", "a b@c",  "a@b c",
                             "a@b\n", "a@.b", "a@b.", "<a@b>", "a\0@b"s, std::string(260, 'a') + "@b"};
  for (const std::string& email : bad) EXPECT_TRUE(WhyNotEmail(email)) << email;
}

TEST(Password, IsLongEnoughAndNotTheFirstThatIsTried) {
  for (const char* good : {"correct horse", "xkcd-936", "пароль-и-всё", "        "}) {
    EXPECT_FALSE(WhyNotPassword(good, "ada")) << good;
  }
  const std::string bad[] = {"",
                             "1234567",
                             "ääää",
                             "password",
                             "PassWord1",
                             "adalovelace",
                             std::string(257, 'x'),
                             "\xff\xff\xff\xff\xff\xff\xff\xff"};
  for (const std::string& password : bad) EXPECT_TRUE(WhyNotPassword(password, "adalovelace")) << password;
}

}  // namespace
}  // namespace tidemill::accounts
