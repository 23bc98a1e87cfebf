#include "queries/live/own_writes.h"

#include <gtest/gtest.h>

namespace tidemill::queries::live {
namespace {

using Texts = std::vector<std::string>;

TEST(OwnWrites, AreToldBeforeOthersAndOnlyBeyondWhatIsSettled) {
  OwnWrites own;
  own.Add("9");
  own.Add("100");
  const SeenWrites told = own.Tell("99", Texts{"9", "98", "100", "101", "102"});
  EXPECT_EQ(told.settled, "99");
  EXPECT_EQ(told.later, (Texts{"100", "102", "101"}));
  EXPECT_TRUE(told.own);
  EXPECT_FALSE(own.Tell("99", Texts{"101"}).own);
  EXPECT_EQ(own.Tell("", Texts{"100"}).later, Texts{}) << "nobody has looked what is seen";
  Texts many;
  for (int i = 200; i < 300; ++i) many.push_back(std::to_string(i));
  own.Add("200");
  const Texts later = own.Tell("1", many).later;
  EXPECT_EQ(later.size(), OwnWrites::kToldMax);
  EXPECT_EQ(later[0], "200");
  EXPECT_EQ(later[1], "299");
}

TEST(OwnWrites, TheLastOnesAreKnown) {
  OwnWrites own;
  for (std::size_t i = 0; i <= OwnWrites::kMax; ++i) own.Add(std::to_string(i));
  EXPECT_FALSE(own.Has("0"));
  EXPECT_TRUE(own.Has("1"));
  EXPECT_EQ(own.Choose(Texts{"1", "a", "b", "2", "c"}, 2), (Texts{"1", "2", "c", "b"}));
}

}  // namespace
}  // namespace tidemill::queries::live
