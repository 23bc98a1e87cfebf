#include "metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <map>
#include <thread>

namespace tidemill::metrics {
namespace {

// Runs as a thread that owns a slot, the way a loop does.
void OnSlot(std::size_t slot, const std::function<void()>& body) {
  std::thread([&] {
    SetSlot(slot);
    body();
  }).join();
}

TEST(Registry, WritesFamiliesOnceInOrder) {
  Registry registry;
  registry.AddCounter("tidemill_frames_total", "Frames sent.", {{"kind", "text"}}).Add(3);
  registry.AddGauge("tidemill_connections", "Open connections.").Add(-2);
  registry.AddCounter("tidemill_frames_total", "Ignored.", {{"kind", "binary"}}).Add(5);
  EXPECT_EQ(registry.Text(),
            "# HELP tidemill_frames_total Frames sent.\n"
            "# TYPE tidemill_frames_total counter\n"
            "tidemill_frames_total{kind=\"text\"} 3\n"
            "tidemill_frames_total{kind=\"binary\"} 5\n"
            "# HELP tidemill_connections Open connections.\n"
            "# TYPE tidemill_connections gauge\n"
            "tidemill_connections -2\n");
}

TEST(Registry, EscapesHelpAndLabelValues) {
  Registry registry;
  registry.AddGauge("g", "a\\b\n\"c\"", {{"x", "a\\b\n\"c\""}, {"y", "ü"}});
  EXPECT_EQ(registry.Text(),
            "# HELP g a\\\\b\\n\"c\"\n"
            "# TYPE g gauge\n"
            "g{x=\"a\\\\b\\n\\\"c\\\"\",y=\"ü\"} 0\n");
}

TEST(Registry, WritesHistogramsCumulatively) {
  Registry registry;
  Histogram& histogram = registry.AddHistogram("h_seconds", "H.", {0.005, 1, 10}, {{"l", "v"}});
  for (const double value : {0.005, 0.006, 0.5, 10.0, 11.0}) histogram.Observe(value);
  EXPECT_EQ(registry.Text(),
            "# HELP h_seconds H.\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_bucket{l=\"v\",le=\"0.005\"} 1\n"
            "h_seconds_bucket{l=\"v\",le=\"1\"} 3\n"
            "h_seconds_bucket{l=\"v\",le=\"10\"} 4\n"
            "h_seconds_bucket{l=\"v\",le=\"+Inf\"} 5\n"
            "h_seconds_sum{l=\"v\"} 21.511\n"
            "h_seconds_count{l=\"v\"} 5\n");
}

TEST(Registry, AsksCallbacksAtEachScrape) {
  Registry registry;
  double value = 1.5;
  registry.AddCallback("c_total", "C.", {}, [&value] { return value; });
  registry.AddCallback("c", "C.", {}, [] { return std::numeric_limits<double>::infinity(); });
  registry.AddCallback("d", "D.", {}, [] { return std::nan(""); });
  EXPECT_THAT(registry.Text(), testing::HasSubstr("# TYPE c_total counter\nc_total 1.5\n"));
  value = 1e18;
  const std::string text = registry.Text();
  EXPECT_THAT(text, testing::HasSubstr("c_total 1e+18\n"));
  EXPECT_THAT(text, testing::HasSubstr("# TYPE c gauge\nc +Inf\n"));
  EXPECT_THAT(text, testing::HasSubstr("d NaN\n"));
}

TEST(Slots, OfAllThreadsAreSummed) {
  Counter counter;
  Gauge gauge;
  Histogram histogram({1});
  for (const std::size_t slot : {std::size_t{0}, std::size_t{1}, kSlots - 1}) {
    OnSlot(slot, [&] {
      EXPECT_EQ(CurrentSlot(), slot);
      counter.Add(slot + 1);
      gauge.Sub(1);
      histogram.Observe(2);
    });
  }
  EXPECT_EQ(counter.value(), 1 + 2 + kSlots);
  EXPECT_EQ(gauge.value(), -3);
  EXPECT_EQ(histogram.Read().buckets, (std::vector<std::uint64_t>{0, 3}));
  EXPECT_EQ(histogram.Read().sum, 6);
}

// Two loops, two other threads on slot 0, and a scraper; ThreadSanitizer watches.
TEST(Slots, LoseNothingUnderConcurrentWritersAndReaders) {
  constexpr int kRounds = 20'000;
  Registry registry;
  Counter& counter = registry.AddCounter("n_total", "N.");
  Histogram& histogram = registry.AddHistogram("h", "H.", {1, 2});
  std::vector<std::thread> threads;
  for (const std::size_t slot : {1U, 2U, 0U, 0U}) {
    threads.emplace_back([&, slot] {
      SetSlot(slot);
      for (int i = 0; i < kRounds; ++i) {
        counter.Add();
        histogram.Observe(1.5);
      }
    });
  }
  std::uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t now = counter.value();
    EXPECT_GE(now, last);
    last = now;
    EXPECT_FALSE(registry.Text().empty());
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 4U * kRounds);
  EXPECT_EQ(histogram.Read().count, 4U * kRounds);
  EXPECT_EQ(histogram.Read().sum, 1.5 * 4 * kRounds);
}

TEST(RegistryDeathTest, RefusesWhatTheFormatCannotSay) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Registry registry;
  registry.AddCounter("a_total", "A.");
  EXPECT_DEATH(registry.AddCounter("a_total", "A."), "none_of");
  EXPECT_DEATH(registry.AddGauge("a_total", "A."), "kind");
  EXPECT_DEATH(registry.AddGauge("1a", "A."), "IsName");
  EXPECT_DEATH(registry.AddGauge("a", "A.", {{"le", "1"}}), "le");
  EXPECT_DEATH(registry.AddHistogram("h", "H.", {2, 1}), "is_sorted");
  EXPECT_DEATH(registry.AddHistogram("h", "H.", {1, 1}), "is_sorted");
}

}  // namespace
}  // namespace tidemill::metrics
