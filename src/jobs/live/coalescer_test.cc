#include "jobs/live/coalescer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::live {
namespace {

constexpr Duration kInterval = Milliseconds(100);
constexpr std::size_t kRoom = 10;

struct Text {
  std::string text;
  void TakeOver(Text&& earlier) {
    if (text.ends_with('+')) text = earlier.text + text;
  }
};

class CoalescerTest : public testing::Test {
 protected:
  // "now a", "later", "no room".
  std::string Add(std::string_view channel, std::string text, std::size_t room = kRoom) {
    Text out;
    switch (coalescer_.Add(channel, Text{std::move(text)}, now_, room, out)) {
      case Coalescer<Text>::Taken::kNow: return "now " + out.text;
      case Coalescer<Text>::Taken::kLater: return "later";
      case Coalescer<Text>::Taken::kNoRoom: return "no room";
    }
    return "";
  }
  std::vector<std::string> After(Duration by) {
    now_ = now_ + by;
    std::vector<std::string> due;
    while (auto next = coalescer_.Next(now_)) {
      due.push_back(std::string(next->first) + " " + next->second.text);
    }
    return due;
  }

  MonotonicTime now_{1'000'000};
  Coalescer<Text> coalescer_{kInterval};
};

using Lines = std::vector<std::string>;

TEST_F(CoalescerTest, TheFirstGoesAtOnceAndTheLatestAtTheIntervalsEnd) {
  EXPECT_EQ(Add("a", "1"), "now 1");
  EXPECT_EQ(Add("a", "2"), "later");
  EXPECT_EQ(Add("b", "7"), "now 7");
  EXPECT_EQ(Add("a", "3"), "later");
  EXPECT_EQ(After(Milliseconds(99)), Lines{});
  EXPECT_EQ(After(Milliseconds(1)), Lines{"a 3"});
  EXPECT_EQ(Add("a", "4"), "later") << "it went out less than an interval ago";
  EXPECT_EQ(After(kInterval), Lines{"a 4"});
  EXPECT_EQ(After(kInterval), Lines{});
  EXPECT_EQ(coalescer_.held(), 0u);
  EXPECT_EQ(Add("a", "5"), "now 5");
}

TEST_F(CoalescerTest, TenASecondAtMostAndNothingIsLost) {
  int out = 0;
  std::string last;
  for (int ms = 0; ms <= 10'000; ms += 5) {
    for (const std::string& line : After(Milliseconds(5))) ++out, last = line;
    if (ms < 9000 && Add("a", std::to_string(ms)) != "later") ++out;
  }
  EXPECT_LE(out, 92);
  EXPECT_GE(out, 80);
  EXPECT_EQ(last, "a 8995");
}

TEST_F(CoalescerTest, ALaterStateTakesOverWhatItNeeds) {
  Add("a", "1");
  Add("a", "x");
  Add("a", "+");
  EXPECT_EQ(After(kInterval), Lines{"a x+"});
}

TEST_F(CoalescerTest, WithoutRoomOnlyThoseThatAreHeldGoOn) {
  EXPECT_EQ(Add("a", "1", 1), "now 1");
  EXPECT_EQ(Add("b", "1", 1), "no room");
  EXPECT_EQ(Add("a", "2", 1), "later");
  EXPECT_EQ(After(kInterval), Lines{"a 2"});
  EXPECT_EQ(After(kInterval), Lines{});
  EXPECT_EQ(Add("b", "1", 1), "now 1");
}

}  // namespace
}  // namespace tidemill::live
