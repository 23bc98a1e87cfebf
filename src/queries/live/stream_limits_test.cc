#include "queries/live/stream_limits.h"

#include <gtest/gtest.h>

namespace tidemill::queries::live {
namespace {

TEST(StreamLimits, RefuseByTheirNamesAndTakeBack) {
  metrics::Registry registry;
  metrics::Gauge& open = registry.AddGauge("open", "Open.");
  const auto limits =
      std::make_shared<StreamLimits>(StreamLimits::Options{.all_max = 3, .each_max = 2}, open);
  std::string_view refused;
  auto first = limits->Enter("user 1", refused);
  const auto second = limits->Enter("user 1", refused);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(limits->Enter("user 1", refused), nullptr);
  EXPECT_EQ(refused, "queries.live.streams_per_user_max");
  const auto third = limits->Enter("user 2", refused);
  ASSERT_TRUE(third);
  EXPECT_EQ(limits->Enter("user 3", refused), nullptr);
  EXPECT_EQ(refused, "queries.live.streams_max");
  EXPECT_EQ(open.value(), 3);
  first.reset();
  EXPECT_TRUE(limits->Enter("user 1", refused));
  EXPECT_EQ(open.value(), 2);
}

}  // namespace
}  // namespace tidemill::queries::live
