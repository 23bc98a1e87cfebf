#include "auth/api_key.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::auth {
namespace {

TEST(ApiKeys, AllowExactlyTheKeysGiven) {
  const ApiKeys keys({{"first"}, {"second"}, {"third"}});
  EXPECT_FALSE(keys.empty());
  for (const char* key : {"first", "second", "third"}) EXPECT_TRUE(keys.Allows(key)) << key;
  const std::string long_key(1 << 20, 'x');
  const std::string_view wrong[] = {"",       "firs",         "firstt",  "First",
                                    " first", "first,second", "first\n", std::string_view("first\0", 6),
                                    long_key};
  for (const std::string_view key : wrong) EXPECT_FALSE(keys.Allows(key)) << key.substr(0, 20);
}

TEST(ApiKeys, AnEmptyKeyAllowsNobody) {
  const ApiKeys only_empty({{""}, {""}});
  EXPECT_TRUE(only_empty.empty());
  EXPECT_FALSE(only_empty.Allows(""));
  const ApiKeys beside({{""}, {"real"}});
  EXPECT_FALSE(beside.Allows(""));
  EXPECT_TRUE(beside.Allows("real"));
}

TEST(ApiKeys, NoneAllowNobody) {
  const ApiKeys none({});
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none.Allows(""));
  EXPECT_FALSE(none.Allows("anything"));
}

}  // namespace
}  // namespace tidemill::auth
