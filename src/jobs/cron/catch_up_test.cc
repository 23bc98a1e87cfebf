#include "jobs/cron/catch_up.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "jobs/cron/overlap.h"
#include "jobs/cron/testing/utc.h"

namespace tidemill::cron {
namespace {

using testing::Text;
using testing::Utc;

const Schedule kEveryHour = ParseSchedule("0 * * * *").value();
const Schedule kEverySecond = ParseSchedule("* * * * * *").value();

std::vector<std::string> Texts(const std::vector<WallTime>& times) {
  std::vector<std::string> texts;
  for (const WallTime time : times) texts.push_back(Text(time));
  return texts;
}

TEST(FindDue, FiresWhatIsDueAndSaysWhenToAskAgain) {
  for (const CatchUp catch_up : {CatchUp::kNone, CatchUp::kCoalesce, CatchUp::kAll}) {
    const Due early =
        FindDue(kEveryHour, Zone(), catch_up, Utc("2026-01-01 08:00:00"), Utc("2026-01-01 08:59:59"));
    EXPECT_TRUE(early.firings.empty());
    EXPECT_EQ(Text(early.fired_until), "2026-01-01 08:00:00");
    EXPECT_EQ(Text(*early.next), "2026-01-01 09:00:00");

    const Due due = FindDue(kEveryHour, Zone(), catch_up, early.fired_until, Utc("2026-01-01 09:00:00"));
    EXPECT_EQ(Texts(due.firings), (std::vector<std::string>{"2026-01-01 09:00:00"}));
    EXPECT_EQ(Text(due.fired_until), "2026-01-01 09:00:00");
    EXPECT_EQ(Text(*due.next), "2026-01-01 10:00:00");
  }
}

TEST(FindDue, CatchesUpAsAsked) {
  const WallTime stopped = Utc("2026-01-01 08:00:00");
  const WallTime started = Utc("2026-01-01 11:30:00");
  const Due none = FindDue(kEveryHour, Zone(), CatchUp::kNone, stopped, started);
  EXPECT_TRUE(none.firings.empty());
  EXPECT_EQ(Text(*none.next), "2026-01-01 12:00:00");

  const Due coalesced = FindDue(kEveryHour, Zone(), CatchUp::kCoalesce, stopped, started);
  EXPECT_EQ(Texts(coalesced.firings), (std::vector<std::string>{"2026-01-01 11:00:00"}));
  EXPECT_EQ(Text(*coalesced.next), "2026-01-01 12:00:00");

  const Due all = FindDue(kEveryHour, Zone(), CatchUp::kAll, stopped, started);
  EXPECT_EQ(Texts(all.firings),
            (std::vector<std::string>{"2026-01-01 09:00:00", "2026-01-01 10:00:00", "2026-01-01 11:00:00"}));
  EXPECT_EQ(Text(*all.next), "2026-01-01 12:00:00");
}

TEST(FindDue, NoneStillFiresWhatIsOnTime) {
  const WallTime stopped = Utc("2026-01-01 08:00:00");
  const Due late = FindDue(kEveryHour, Zone(), CatchUp::kNone, stopped, Utc("2026-01-01 11:00:59"));
  EXPECT_EQ(Texts(late.firings), (std::vector<std::string>{"2026-01-01 11:00:00"}));
  const Due too_late = FindDue(kEveryHour, Zone(), CatchUp::kNone, stopped, Utc("2026-01-01 11:01:00"));
  EXPECT_TRUE(too_late.firings.empty());
}

TEST(FindDue, CatchesUpInPortions) {
  const WallTime start = Utc("2026-01-01 00:00:00");
  const WallTime now = start + Seconds(2500);
  std::set<WallTime> fired;
  WallTime until = start;
  for (const std::size_t expected : {1000U, 1000U, 500U, 0U}) {
    const Due due = FindDue(kEverySecond, Zone(), CatchUp::kAll, until, now);
    EXPECT_EQ(due.firings.size(), expected);
    EXPECT_EQ(*due.next <= now, due.fired_until < now);
    for (const WallTime at : due.firings) EXPECT_TRUE(fired.insert(at).second);
    until = due.fired_until;
  }
  EXPECT_EQ(fired.size(), 2500U);
}

TEST(FindDue, CoalescesYearsOfSecondsInAFewSteps) {
  const WallTime now = Utc("2026-01-01 00:00:00") + Milliseconds(250);
  const Due due = FindDue(kEverySecond, Zone(), CatchUp::kCoalesce, Utc("1990-01-01 00:00:00"), now);
  EXPECT_EQ(Texts(due.firings), (std::vector<std::string>{"2026-01-01 00:00:00"}));
  EXPECT_EQ(Text(*due.next), "2026-01-01 00:00:01");
}

// Steps of a clock, back and forth by up to an hour, from a seed.
TEST(FindDue, AClockThatIsSetBackFiresNothingTwice) {
  const Schedule schedule = ParseSchedule("*/7 * * * *").value();
  const Zone berlin = Zone::Load("Europe/Berlin").value();
  for (const CatchUp catch_up : {CatchUp::kNone, CatchUp::kCoalesce, CatchUp::kAll}) {
    std::set<WallTime> fired;
    WallTime until = Utc("2026-10-24 20:00:00");
    WallTime now = until;
    std::uint64_t state = 42;
    for (int i = 0; i < 5000; ++i) {
      state = state * 6364136223846793005 + 1442695040888963407;
      const auto step = static_cast<std::int64_t>(state >> 33) % 120'000;
      now = now + Milliseconds(i % 50 == 49 ? -step * 30 : step);
      const Due due = FindDue(schedule, berlin, catch_up, until, now);
      for (const WallTime at : due.firings) {
        EXPECT_TRUE(fired.insert(at).second) << Text(at) << " fired twice";
        EXPECT_LE(at, now);
      }
      EXPECT_FALSE(due.clock_was_wrong);
      EXPECT_GE(due.fired_until, until);
      until = due.fired_until;
    }
    EXPECT_GT(fired.size(), 200U);
  }
}

TEST(FindDue, AnEntryThatFiredInAFarFutureGoesOnFromNow) {
  const WallTime now = Utc("2026-01-01 08:30:00");
  const Due near = FindDue(kEveryHour, Zone(), CatchUp::kAll, now + kAheadMax, now);
  EXPECT_FALSE(near.clock_was_wrong);
  EXPECT_EQ(near.fired_until, now + kAheadMax);
  const Due far = FindDue(kEveryHour, Zone(), CatchUp::kAll, Utc("2099-01-01 00:00:00"), now);
  EXPECT_TRUE(far.clock_was_wrong);
  EXPECT_TRUE(far.firings.empty());
  EXPECT_EQ(far.fired_until, now);
  EXPECT_EQ(Text(*far.next), "2026-01-01 09:00:00");
}

TEST(CatchUp, IsReadByName) {
  EXPECT_EQ(ParseCatchUp("none"), CatchUp::kNone);
  EXPECT_EQ(ParseCatchUp("coalesce"), CatchUp::kCoalesce);
  EXPECT_EQ(ParseCatchUp("all"), CatchUp::kAll);
  EXPECT_EQ(ParseCatchUp("All").error().detail, "\"All\": accepted are none, coalesce, all");
}

TEST(OnFiring, FollowsTheOverlap) {
  EXPECT_EQ(ParseOverlap("allow"), Overlap::kAllow);
  EXPECT_EQ(ParseOverlap("skip"), Overlap::kSkip);
  EXPECT_EQ(ParseOverlap("replace"), Overlap::kReplace);
  EXPECT_EQ(ParseOverlap("").error().detail, "\"\": accepted are allow, skip, replace");
  using enum Overlap;
  struct Case {
    Overlap overlap;
    Previous previous;
    Firing firing;
  };
  const Case cases[] = {
      {kAllow, Previous::kDone, Firing::kPush},
      {kAllow, Previous::kWaiting, Firing::kPush},
      {kAllow, Previous::kRunning, Firing::kPush},
      {kSkip, Previous::kDone, Firing::kPush},
      {kSkip, Previous::kWaiting, Firing::kLeaveOut},
      {kSkip, Previous::kRunning, Firing::kLeaveOut},
      {kReplace, Previous::kDone, Firing::kPush},
      {kReplace, Previous::kWaiting, Firing::kRemoveAndPush},
      {kReplace, Previous::kRunning, Firing::kCancelAndPush},
  };
  for (const Case& c : cases) EXPECT_EQ(OnFiring(c.overlap, c.previous), c.firing);
}

}  // namespace
}  // namespace tidemill::cron
