#include "queries/live/caller.h"

#include <gtest/gtest.h>

namespace tidemill::queries::live {
namespace {

TEST(LiveCaller, ScopeIsWhatRowsMayDependOn) {
  const std::string scope = ScopeOf("web", R"({"sub":"42","iat":1,"team":[1, 2]})");
  EXPECT_EQ(scope, ScopeOf("web", R"({"team":[1, 2],"exp":7,"iat":2,"jti":"x","sub":"42"})"));
  EXPECT_NE(scope, ScopeOf("web", R"({"sub":"42","team":[1, 3]})"));
  EXPECT_NE(scope, ScopeOf("admin", R"({"sub":"42","team":[1, 2]})"));
  EXPECT_NE(ScopeOf("", R"({"a":"1"})"), ScopeOf("", R"({"a":1})"));
}

TEST(LiveCaller, AConnectionHasItsUserAlone) {
  EXPECT_EQ(ClaimsOf(R"(o"neil)"), R"({"sub":"o\"neil"})");
  EXPECT_EQ(ClaimsOf(""), "");
}

}  // namespace
}  // namespace tidemill::queries::live
