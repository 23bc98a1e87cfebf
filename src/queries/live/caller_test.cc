#include "queries/live/caller.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::queries::live {
namespace {

TEST(LiveCaller, ScopeIsWhatRowsMayDependOn) {
  const std::string scope = ScopeOf("web", R"({"sub":"42","iat":1,"team":[1, 2]})");
  EXPECT_EQ(scope, ScopeOf("web", R"({"team":[1, 2],"exp":7,"iat":2,"jti":"x","sub":"42"})"));
  EXPECT_NE(scope, ScopeOf("web", R"({"sub":"42","team":[1, 3]})"));
  EXPECT_NE(scope, ScopeOf("admin", R"({"sub":"42","team":[1, 2]})"));
  EXPECT_NE(ScopeOf("", R"({"a":"1"})"), ScopeOf("", R"({"a":1})"));
}

TEST(LiveCaller, SignInsOfOneUserHaveOneScopeUnlessTheQueryReadsThem) {
  const std::string one = R"({"sub":"42","sid":"a","auth_time":1,"nonce":"x"})";
  const std::string other = R"({"sub":"42","sid":"b","auth_time":2,"nonce":"y"})";
  EXPECT_EQ(ScopeOf("web", one), ScopeOf("web", other));
  const std::vector<std::string> read = {"sid"};
  EXPECT_NE(ScopeOf("web", one, read), ScopeOf("web", other, read));
}

TEST(LiveCaller, AConnectionHasItsUserAlone) {
  EXPECT_EQ(ClaimsOf(R"(o"neil)"), R"({"sub":"o\"neil"})");
  EXPECT_EQ(ClaimsOf(""), "");
}

}  // namespace
}  // namespace tidemill::queries::live
