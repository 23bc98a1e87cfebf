#include "metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
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
  EXPECT_DEATH(registry.AddCounter("a_total", "A."), "Find");
  EXPECT_DEATH(registry.AddGauge("a_total", "A."), "kind");
  EXPECT_DEATH(registry.AddGauge("1a", "A."), "IsName");
  EXPECT_DEATH(registry.AddGauge("a", "A.", {{"le", "1"}}), "le");
  EXPECT_DEATH(registry.AddHistogram("h", "H.", {2, 1}), "is_sorted");
  EXPECT_DEATH(registry.AddHistogram("h", "H.", {1, 1}), "is_sorted");
}

TEST(Registry, VisitsWhatItHolds) {
  struct Lines final : Visitor {
    void OnFamily(const FamilyView& family) override {
      lines.push_back(std::string(family.name) + " " + std::to_string(static_cast<int>(family.kind)));
    }
    void OnSeries(const Labels& labels, const Value& value) override {
      std::string line = labels.empty() ? "-" : labels[0].first + "=" + labels[0].second;
      if (const auto* counter = std::get_if<std::uint64_t>(&value)) line += " " + std::to_string(*counter);
      if (const auto* gauge = std::get_if<std::int64_t>(&value)) line += " " + std::to_string(*gauge);
      if (const auto* read = std::get_if<double>(&value)) line += " read " + std::to_string(*read);
      if (const auto* histogram = std::get_if<HistogramView>(&value)) {
        line += " bounds " + std::to_string(histogram->bounds.size()) + " count " +
                std::to_string(histogram->snapshot.count);
      }
      lines.push_back(line);
    }
    std::vector<std::string> lines;
  };
  Registry registry;
  registry.AddCounter("c_total", "C.", {{"k", "v"}}).Add(3);
  registry.AddGauge("g", "G.").Add(-2);
  registry.AddHistogram("h", "H.", {1, 2}).Observe(1);
  registry.AddCallback("f", "F.", {}, [] { return 0.5; });
  Lines visitor;
  registry.Visit(visitor);
  EXPECT_EQ(visitor.lines, (std::vector<std::string>{"c_total 0", "k=v 3", "g 1", "- -2", "h 2",
                                                     "- bounds 2 count 1", "f 1", "- read 0.500000"}));
}

TEST(OpenSeries, LivesAsLongAsItsHolders) {
  Registry registry;
  {
    const Held<Counter> first = registry.OpenCounter("jobs_total", "Jobs.", {{"queue", "mail"}});
    first->Add(2);
    Held<Counter> second = registry.OpenCounter("jobs_total", "Ignored.", {{"queue", "mail"}});
    second->Add(3);
    const Held<Counter> other = registry.OpenCounter("jobs_total", "Jobs.", {{"queue", "sms"}});
    EXPECT_EQ(registry.Text(),
              "# HELP jobs_total Jobs.\n"
              "# TYPE jobs_total counter\n"
              "jobs_total{queue=\"mail\"} 5\n"
              "jobs_total{queue=\"sms\"} 0\n");
    second = {};
    EXPECT_THAT(registry.Text(), testing::HasSubstr("jobs_total{queue=\"mail\"} 5\n"));
  }
  EXPECT_EQ(registry.Text(), "");
  const Held<Counter> again = registry.OpenCounter("jobs_total", "Jobs.", {{"queue", "mail"}});
  EXPECT_THAT(registry.Text(), testing::HasSubstr("jobs_total{queue=\"mail\"} 0\n")) << "it begins anew";
}

TEST(OpenSeries, OverALimitAreCountedTogether) {
  struct Case {
    const char* name;
    RegistryLimits limits;
  };
  const Case cases[] = {
      {"of the family", {.series_per_family_max = 2}},
      {"of all", {.series_max = 3}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Registry registry(c.limits);
    const Held<Gauge> elsewhere = registry.OpenGauge("other", "O.", {});
    std::vector<Held<Counter>> held;
    for (int i = 0; i < 5; ++i) {
      held.push_back(registry.OpenCounter("c_total", "C.", {{"n", std::to_string(i)}}));
      held.back()->Add();
    }
    EXPECT_THAT(registry.Text(), testing::HasSubstr("c_total{n=\"1\"} 1\nc_total{overflow=\"true\"} 3\n"));
    // One that is open is not refused, and whoever leaves makes room.
    EXPECT_EQ(&*registry.OpenCounter("c_total", "C.", {{"n", "0"}}), &*held[0]);
    held.erase(held.begin());
    held.push_back(registry.OpenCounter("c_total", "C.", {{"n", "9"}}));
    EXPECT_THAT(registry.Text(), testing::HasSubstr("c_total{n=\"9\"} 0\n"));
    held.clear();
    EXPECT_THAT(registry.Text(), testing::Not(testing::HasSubstr("c_total")));
  }
}

TEST(OpenSeries, OfEveryKind) {
  Registry registry({.series_per_family_max = 1});
  const Held<Gauge> gauge = registry.OpenGauge("g", "G.", {{"l", "1"}});
  gauge->Add(4);
  const Held<Histogram> histogram = registry.OpenHistogram("h", "H.", {1}, {{"l", "1"}});
  histogram->Observe(0.5);
  Holder callback = registry.OpenCallback("f", "F.", {{"l", "1"}}, [] { return 1.5; });
  const Holder too_many = registry.OpenCallback("f", "F.", {{"l", "2"}}, [] { return 2.5; });
  EXPECT_TRUE(callback);
  EXPECT_FALSE(too_many);
  const std::string text = registry.Text();
  EXPECT_THAT(text, testing::HasSubstr("g{l=\"1\"} 4\n"));
  EXPECT_THAT(text, testing::HasSubstr("h_count{l=\"1\"} 1\n"));
  EXPECT_THAT(text, testing::HasSubstr("f{l=\"1\"} 1.5\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("2.5")));
  callback = {};
  EXPECT_THAT(registry.Text(), testing::Not(testing::HasSubstr("f{")));
}

TEST(OpenSeries, ACallbackMayOwnWhatHoldsAnother) {
  Registry registry;
  auto counter = std::make_shared<const Held<Counter>>(registry.OpenCounter("c_total", "C.", {{"l", "1"}}));
  Holder callback =
      registry.OpenCallback("f", "F.", {{"l", "1"}}, [owned = std::move(counter)] { return 1.5; });
  callback = {};
  EXPECT_EQ(registry.Text(), "");
}

TEST(OpenSeries, ComeAndGoWhileAScrapeGoesOn) {
  Registry registry({.series_per_family_max = 20});
  std::atomic<bool> stop{false};
  std::jthread scraper([&] {
    while (!stop) {
      const std::string text = registry.Text();
      EXPECT_TRUE(text.empty() || text.starts_with("# HELP c_total C.\n# TYPE c_total counter\nc_total{"));
    }
  });
  std::vector<std::jthread> writers;
  for (std::size_t slot = 1; slot <= 3; ++slot) {
    writers.emplace_back([&registry, slot] {
      SetSlot(slot);
      for (int i = 0; i < 2000; ++i) {
        const auto counter = registry.OpenCounter("c_total", "C.", {{"n", std::to_string(i % 30)}});
        counter->Add();
      }
    });
  }
  writers.clear();
  stop = true;
  scraper.join();
  EXPECT_EQ(registry.Text(), "");
}

}  // namespace
}  // namespace tidemill::metrics
