#include "realtime/session/app_names.h"

#include <gtest/gtest.h>

namespace tidemill::session {
namespace {

TEST(AppNames, KeepsEachPairOnceAndForgetsItWithItsLastClient) {
  AppNames names;
  EXPECT_EQ(names.Take("", ""), 0);
  const auto web = names.Take("web", "1");
  EXPECT_EQ(names.Take("web", "1"), web);
  const auto other = names.Take("web", "2");
  EXPECT_NE(other, web);
  EXPECT_EQ(names.Of(web), (AppNames::App{"web", "1"}));
  EXPECT_EQ(names.Of(0), AppNames::App{});
  names.GiveBack(web);
  EXPECT_EQ(names.Of(web).name, "web") << "one client is left";
  names.GiveBack(web);
  EXPECT_EQ(names.size(), 1u);
  EXPECT_EQ(names.Take("ios", "3"), web) << "the number is used again";
  EXPECT_EQ(names.Of(other).version, "2");
}

TEST(AppNames, IsBoundedWhateverClientsSay) {
  AppNames names;
  for (std::size_t i = 0; i < AppNames::kPairsMax; ++i) EXPECT_NE(names.Take("a", std::to_string(i)), 0);
  EXPECT_EQ(names.Take("b", ""), 0);
  EXPECT_NE(names.Take("a", "5"), 0) << "who says what others say is named still";
  AppNames longer;
  const auto number = longer.Take(std::string(1000, 'x'), std::string(1000, 'y'));
  EXPECT_EQ(longer.Of(number).name.size(), AppNames::kBytesMax);
  EXPECT_EQ(longer.Of(number).version.size(), AppNames::kBytesMax);
}

}  // namespace
}  // namespace tidemill::session
