#include "cli/metrics_text.h"

#include <gtest/gtest.h>

namespace tidemill::cli {
namespace {

constexpr std::string_view kText = R"(# HELP t_jobs Jobs.
# TYPE t_jobs gauge
t_jobs{queue="a b",state="done"} 3
t_jobs{queue="c",state="done"} 4
t_jobs{queue="c",state="dead"} 5
t_plain 1.5e3
not a line
t_lag{loop="0"} 0.25
t_lag{loop="1"} 0.5
t_seconds_bucket{le="0.1"} 1
t_seconds_bucket{le="1"} 9
t_seconds_bucket{le="+Inf"} 10
)";

TEST(MetricsText, SumsTheSeriesOfALabel) {
  const MetricsText metrics(kText);
  EXPECT_EQ(metrics.Sum("t_jobs"), 12);
  EXPECT_EQ(metrics.Sum("t_jobs", R"(state="done")"), 7);
  EXPECT_EQ(metrics.Sum("t_jobs", R"(state="none")"), std::nullopt);
  EXPECT_EQ(metrics.Sum("t_plain"), 1500);
  EXPECT_EQ(metrics.Sum("t_none"), std::nullopt);
  EXPECT_EQ(metrics.Max("t_lag"), 0.5);
  EXPECT_TRUE(MetricsText("not a metric at all\n").empty());
}

TEST(MetricsText, FindsQuantilesOfWhatCameBetweenTwoReadings) {
  const auto buckets = MetricsText(kText).Buckets("t_seconds");
  EXPECT_EQ(buckets.size(), 3u);
  EXPECT_EQ(QuantileBetween(0.5, buckets, buckets), std::nullopt);
  EXPECT_DOUBLE_EQ(*QuantileBetween(0.1, {}, buckets), 0.1);
  EXPECT_DOUBLE_EQ(*QuantileBetween(0.5, {}, buckets), 0.1 + 0.9 * 4 / 8);
  EXPECT_DOUBLE_EQ(*QuantileBetween(0.99, {}, buckets), 1) << "above the last bound it is not known";
  EXPECT_EQ(QuantileBetween(0.5, {}, {}), std::nullopt);
}

}  // namespace
}  // namespace tidemill::cli
