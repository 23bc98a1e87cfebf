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

}  // namespace
}  // namespace tidemill::queries::live
