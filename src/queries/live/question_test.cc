#include "queries/live/question.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::queries::live {
namespace {

TEST(LiveQuestion, TheNewestTransactionsHaveTheHighestNumbers) {
  const std::vector<std::string> all = {"10000", "998", "9999", "999"};
  EXPECT_EQ(NewestOf(all, 2), (std::vector<std::string>{"10000", "9999"}));
  EXPECT_EQ(NewestOf(all, 9).size(), 4u);
  EXPECT_EQ(NewestOf({}, 9).size(), 0u);
}

}  // namespace
}  // namespace tidemill::queries::live
