#include "queries/live/postgres_triggers.h"

#include <gtest/gtest.h>

namespace tidemill::queries::live {
namespace {

using State = LiveTriggers::State;
using Names = std::vector<std::string>;

constexpr const char* kTruncate = "1 A 32 1 0 0 \n";
constexpr const char* kInsert = "1 A 4 1 0 1 customer\\000status\\000\n";
constexpr const char* kUpdate = "1 A 16 1 1 1 customer\\000status\\000\n";
constexpr const char* kDelete = "1 A 8 1 1 0 customer\\000\n";

TEST(LiveTriggers, OneForAllThatIsWrittenTellsNoValues) {
  EXPECT_EQ(LiveTriggers::Parse("").state, State::kNone);
  const LiveTriggers plain = LiveTriggers::Parse("1 A 60 1 0 0 ");
  EXPECT_EQ(plain.state, State::kComplete);
  EXPECT_TRUE(plain.always);
  EXPECT_EQ(plain.columns, Names{});
  EXPECT_FALSE(LiveTriggers::Parse("1 O 60 1 0 0 ").always);
  for (const char* line : {"0 A 60 1 0 0 ", "1 D 60 1 0 0 ", "1 R 60 1 0 0 ", "1 A 60 0 0 0 ",
                           "1 A 28 1 0 0 ", "1 A 61 1 0 0 ", "1 A 62 1 0 0 ", "nonsense"}) {
    EXPECT_EQ(LiveTriggers::Parse(line).state, State::kOthers) << line;
  }
}

TEST(LiveTriggers, TheValuesThatAllOfThemTellAreTold) {
  const LiveTriggers all = LiveTriggers::Parse(std::string(kTruncate) + kInsert + kUpdate + kDelete);
  EXPECT_EQ(all.state, State::kComplete);
  EXPECT_TRUE(all.always);
  EXPECT_EQ(all.columns, Names{"customer"});
  EXPECT_EQ(LiveTriggers::Parse(std::string(kInsert) + kUpdate + kDelete).state, State::kOthers);
  EXPECT_EQ(LiveTriggers::Parse(std::string(kTruncate) + kInsert + kUpdate).state, State::kOthers);
  // The rows as they were are not there: a row that moves away is not told.
  const LiveTriggers half =
      LiveTriggers::Parse(std::string(kTruncate) + kInsert + "1 A 16 1 0 1 customer\\000\n" + kDelete);
  EXPECT_EQ(half.state, State::kComplete);
  EXPECT_EQ(half.columns, Names{});
}

TEST(LiveTriggers, NamesOfColumnsAreReadWhateverIsInThem) {
  const std::string arguments = R"(it's "b\\a\303\251 n\000customer\000)";
  const LiveTriggers all = LiveTriggers::Parse(std::string(kTruncate) + "1 A 4 1 0 1 " + arguments +
                                               "\n1 A 16 1 1 1 " + arguments + "\n1 A 8 1 1 0 " + arguments);
  EXPECT_EQ(all.columns, (Names{"customer", "it's \"b\\a\u00e9 n"}));
}

}  // namespace
}  // namespace tidemill::queries::live
