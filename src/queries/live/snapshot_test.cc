#include "queries/live/snapshot.h"

#include <gtest/gtest.h>

namespace tidemill::queries::live {
namespace {

TEST(Snapshot, ReadsWhatPostgresWrites) {
  const auto idle = Snapshot::Parse("740:740:");
  ASSERT_TRUE(idle);
  EXPECT_EQ(idle->xmin, 740u);
  EXPECT_EQ(idle->xmax, 740u);
  EXPECT_TRUE(idle->running.empty());
  const auto busy =
      Snapshot::Parse("18446744073709551000:18446744073709551010:18446744073709551000,18446744073709551004");
  ASSERT_TRUE(busy);
  EXPECT_EQ(busy->running, (std::set<std::uint64_t>{18446744073709551000u, 18446744073709551004u}));
  EXPECT_EQ(busy->RunningTexts(), (std::vector<std::string>{"18446744073709551000", "18446744073709551004"}));
  for (const char* const text : {"", "1", "1:2", "1:x:", "1:2:3,", "1:2:a", ":1:"}) {
    const auto read = Snapshot::Parse(text);
    EXPECT_EQ(read.has_value(), std::string_view(text) == "1:2:3,") << text;
  }
}

TEST(Snapshot, GoesOnUnlessSomethingMayHaveBeenMissed) {
  const Snapshot seen{.text = "", .xmin = 700, .xmax = 740, .running = {}, .taken_ms = 5'000};
  struct Case {
    const char* name;
    std::uint64_t xmax;
    std::int64_t taken_ms;
    bool want;
  };
  const Case cases[] = {
      {"nothing new", 740, 5'020, true},
      {"new transactions", 800, 5'020, true},
      {"another server, which has lost some", 739, 5'020, false},
      {"this machine stood still", 740, 15'001, false},
      {"the database's clock was set back", 740, 1'000, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Snapshot next{.text = "", .xmin = 700, .xmax = c.xmax, .running = {}, .taken_ms = c.taken_ms};
    EXPECT_EQ(seen.GoesOnWith(next, Seconds(10)), c.want);
  }
}

}  // namespace
}  // namespace tidemill::queries::live
