#include "jobs/cron/next.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "jobs/cron/testing/utc.h"

namespace tidemill::cron {
namespace {

using testing::Text;
using testing::Utc;
using Firings = std::vector<std::string>;

Schedule Parsed(std::string_view text) { return ParseSchedule(text).value(); }

Firings FiringsAfter(std::string_view schedule, std::string_view zone, std::string_view after, int count) {
  Firings firings;
  const Zone loaded = Zone::Load(zone).value();
  WallTime at = Utc(after);
  for (int i = 0; i < count; ++i) {
    const auto next = Next(Parsed(schedule), loaded, at);
    firings.push_back(next ? Text(*next) : "never");
    if (!next) break;
    at = *next;
  }
  return firings;
}

TEST(Next, ComesAfterTheInstantNeverAtIt) {
  const Schedule noon = Parsed("0 12 * * *");
  EXPECT_EQ(Text(*Next(noon, Zone(), Utc("2026-01-01 11:59:59"))), "2026-01-01 12:00:00");
  EXPECT_EQ(Text(*Next(noon, Zone(), Utc("2026-01-01 12:00:00"))), "2026-01-02 12:00:00");
  EXPECT_EQ(Text(*Next(noon, Zone(), {Utc("2026-01-01 12:00:00").ms - 1})), "2026-01-01 12:00:00");
  EXPECT_EQ(Text(*Next(noon, Zone(), {Utc("2026-01-01 12:00:00").ms + 1})), "2026-01-02 12:00:00");
  EXPECT_EQ(Text(*Next(noon, Zone(), {-1})), "1970-01-01 12:00:00");
  EXPECT_EQ(Text(*Next(Parsed("* * * * * *"), Zone(), {-1500})), "1969-12-31 23:59:59");
}

TEST(Next, FollowsTheCalendar) {
  struct Case {
    const char* schedule;
    const char* after;
    Firings firings;
  };
  const Case cases[] = {
      {"*/20 * * * *", "2026-12-31 23:30:00", {"2026-12-31 23:40:00", "2027-01-01 00:00:00"}},
      {"5 4 31 * *", "2026-01-31 04:05:00", {"2026-03-31 04:05:00", "2026-05-31 04:05:00"}},
      {"0 0 29 2 *", "2026-01-01 00:00:00", {"2028-02-29 00:00:00", "2032-02-29 00:00:00"}},
      {"0 0 29 2 *", "2096-03-01 00:00:00", {"2104-02-29 00:00:00"}},
      {"0 0 L * *", "2027-01-31 00:00:00", {"2027-02-28 00:00:00", "2027-03-31 00:00:00"}},
      {"0 0 L 2 *", "2027-03-01 00:00:00", {"2028-02-29 00:00:00"}},
      {"0 0 * * FRI#2", "2026-11-01 00:00:00", {"2026-11-13 00:00:00", "2026-12-11 00:00:00"}},
      {"0 0 * * SUN#5", "2026-11-01 00:00:00", {"2026-11-29 00:00:00", "2027-01-31 00:00:00"}},
      {"0 0 * * MONL", "2026-11-01 00:00:00", {"2026-11-30 00:00:00", "2026-12-28 00:00:00"}},
      // Either day field admits, where both restrict.
      {"0 0 13 * FRI", "2026-11-06 00:00:00", {"2026-11-13 00:00:00", "2026-11-20 00:00:00"}},
      {"0 0 1 * MON", "2026-11-27 00:00:00", {"2026-11-30 00:00:00", "2026-12-01 00:00:00"}},
      {"0 0 30 2 MON", "2026-02-24 00:00:00", {"2027-02-01 00:00:00"}},
      {"30 59 23 31 12 *", "2026-01-01 00:00:00", {"2026-12-31 23:59:30", "2027-12-31 23:59:30"}},
      {"@every 90s", "2026-01-01 00:00:01", {"2026-01-01 00:01:30", "2026-01-01 00:03:00"}},
      {"@every 90s", "1969-12-31 23:58:00", {"1969-12-31 23:58:30", "1970-01-01 00:00:00"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.schedule);
    EXPECT_EQ(FiringsAfter(c.schedule, "UTC", c.after, static_cast<int>(c.firings.size())), c.firings);
  }
}

TEST(Next, ATimeOfDayThatIsSkippedFiresAtTheNextExistingSecond) {
  // Berlin, 2026-03-29: 01:00 UTC is 03:00, after 01:59:59.
  EXPECT_EQ(FiringsAfter("30 2 * * *", "Europe/Berlin", "2026-03-28 00:00:00", 3),
            (Firings{"2026-03-28 01:30:00", "2026-03-29 01:00:00", "2026-03-30 00:30:00"}));
  EXPECT_EQ(FiringsAfter("30 2 * * *", "Europe/Berlin", "2026-03-29 00:59:59", 1),
            (Firings{"2026-03-29 01:00:00"}));
  // All times of the missing hour are one firing, and so is what is due then anyway.
  EXPECT_EQ(
      FiringsAfter("*/20 2,3 29 3 *", "Europe/Berlin", "2026-03-28 12:00:00", 4),
      (Firings{"2026-03-29 01:00:00", "2026-03-29 01:20:00", "2026-03-29 01:40:00", "2027-03-29 00:00:00"}));
  // Santiago, 2026-09-06: midnight does not exist.
  EXPECT_EQ(FiringsAfter("0 0 * * *", "America/Santiago", "2026-09-05 12:00:00", 2),
            (Firings{"2026-09-06 04:00:00", "2026-09-07 03:00:00"}));
  // Apia had no 2011-12-30.
  EXPECT_EQ(FiringsAfter("0 12 30 12 *", "Pacific/Apia", "2011-01-01 00:00:00", 2),
            (Firings{"2011-12-30 10:00:00", "2012-12-29 22:00:00"}));
}

TEST(Next, ATimeOfDayThatIsRepeatedFiresOnce) {
  // Berlin, 2026-10-25: 02:00 to 02:59:59 twice, from 00:00 UTC and from 01:00 UTC.
  EXPECT_EQ(FiringsAfter("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00:00", 2),
            (Firings{"2026-10-25 00:30:00", "2026-10-26 01:30:00"}));
  EXPECT_EQ(FiringsAfter("30 2 * * *", "Europe/Berlin", "2026-10-25 01:10:00", 1),
            (Firings{"2026-10-26 01:30:00"}));
  EXPECT_EQ(FiringsAfter("0,30 1-3 25 10 *", "Europe/Berlin", "2026-10-24 22:59:59", 6),
            (Firings{"2026-10-24 23:00:00", "2026-10-24 23:30:00", "2026-10-25 00:00:00",
                     "2026-10-25 00:30:00", "2026-10-25 02:00:00", "2026-10-25 02:30:00"}));
  EXPECT_EQ(FiringsAfter("* 2 * * *", "Europe/Berlin", "2026-10-25 00:00:00", 2),
            (Firings{"2026-10-25 00:01:00", "2026-10-25 00:02:00"}));
  EXPECT_EQ(FiringsAfter("* 2 * * *", "Europe/Berlin", "2026-10-25 00:59:00", 1),
            (Firings{"2026-10-26 01:00:00"}));
  // Lord Howe Island moves by half an hour.
  EXPECT_EQ(FiringsAfter("45 1 * * *", "Australia/Lord_Howe", "2026-04-04 00:00:00", 2),
            (Firings{"2026-04-04 14:45:00", "2026-04-05 15:15:00"}));
}

TEST(Next, WithEveryHourTheDistanceStays) {
  EXPECT_EQ(FiringsAfter("30 * * * *", "Europe/Berlin", "2026-03-29 00:00:00", 3),
            (Firings{"2026-03-29 00:30:00", "2026-03-29 01:30:00", "2026-03-29 02:30:00"}));
  EXPECT_EQ(FiringsAfter("30 * * * *", "Europe/Berlin", "2026-10-24 23:45:00", 3),
            (Firings{"2026-10-25 00:30:00", "2026-10-25 01:30:00", "2026-10-25 02:30:00"}));
  EXPECT_EQ(FiringsAfter("*/40 * * * * *", "America/New_York", "2026-11-01 06:59:30", 3),
            (Firings{"2026-11-01 06:59:40", "2026-11-01 07:00:00", "2026-11-01 07:00:40"}));
  // Tehran, 2019-09-22: at midnight it is 23:00 again, of a day that is admitted; the day after is not.
  EXPECT_EQ(FiringsAfter("30 * 21 9 *", "Asia/Tehran", "2019-09-21 19:15:00", 1),
            (Firings{"2019-09-21 20:00:00"}));
  // A day that is far away is found behind all moves of the clock that come before it.
  EXPECT_EQ(FiringsAfter("0 * 29 2 *", "Europe/Berlin", "2024-03-01 00:00:00", 1),
            (Firings{"2028-02-28 23:00:00"}));
}

TEST(Next, EndsWithTheYears) {
  EXPECT_EQ(FiringsAfter("0 0 1 1 *", "UTC", "9999-01-01 00:00:00", 1), (Firings{"never"}));
  EXPECT_EQ(Next(Parsed("* * * * *"), Zone(), {INT64_MAX}), std::nullopt);
  EXPECT_EQ(Text(*Next(Parsed("* * * * *"), Zone(), {INT64_MIN})), "0001-01-01 00:01:00");
}

// What MayMatch admits is found within kSearchYears, wherever the search begins in the calendar's 400 years.
TEST(FirstMatch, FindsTheRarestDays) {
  for (const char* day : {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}) {
    SCOPED_TRACE(day);
    const auto schedule = Parsed("0 0 * 2 " + std::string(day) + "#5");
    std::int64_t longest_years = 0;
    WallTime at = Utc("2000-01-01 00:00:00");
    while (at < Utc("2420-01-01 00:00:00")) {
      const auto next = Next(schedule, Zone(), at);
      ASSERT_TRUE(next) << Text(at);
      longest_years = std::max<std::int64_t>(longest_years, (next->ms - at.ms) / (1000LL * 86'400 * 365));
      at = *next;
    }
    EXPECT_GT(longest_years, 27);
    EXPECT_LT(longest_years, kSearchYears);
  }
}

TEST(Zone, RefusesWhatIsNoZoneByName) {
  const auto error = [](std::string_view name) {
    const auto zone = Zone::Load(name);
    return zone ? "loaded" : std::string(Name(zone.error().code)) + ": " + zone.error().detail;
  };
  EXPECT_EQ(error("Europe/Berlin"), "loaded");
  EXPECT_EQ(error("UTC"), "loaded");
  EXPECT_EQ(
      error("Europe/Nowhere"),
      "not_found: there is no time zone \"Europe/Nowhere\" in /usr/share/zoneinfo; names are case-sensitive");
  EXPECT_TRUE(error("europe/berlin").starts_with("not_found")) << error("europe/berlin");
  EXPECT_TRUE(error("Europe").starts_with("not_found"));
  EXPECT_TRUE(error("zone.tab").starts_with("invalid_argument"));
  for (const char* name :
       {"", "/etc/passwd", "../../etc/passwd", "Europe/../Berlin", "file:Europe/Berlin", "localtime",
        "right/Europe/Berlin", "posix/UTC", "Europe//Berlin", "Europe/", "posixrules", "A\nB"}) {
    EXPECT_TRUE(error(name).starts_with("invalid_argument")) << error(name);
  }
  EXPECT_TRUE(error(std::string(65, 'A')).starts_with("invalid_argument"));
  EXPECT_TRUE(error(std::string(64, 'A')).starts_with("not_found"));
}

TEST(Zone, AMachineWithoutZonesIsToldFromAZoneThatIsMissing) {
  ASSERT_EQ(setenv("TZDIR", "/nonexistent", 1), 0);
  const auto zone = Zone::Load("Asia/Tokyo");
  const bool utc = Zone::Load("UTC").has_value();
  ASSERT_EQ(unsetenv("TZDIR"), 0);
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error(),
            (Error{Errc::kNotFound,
                   "time zone Asia/Tokyo: this machine has no time zones in /nonexistent (Debian: "
                   "apt-get install tzdata)"}));
  EXPECT_TRUE(utc);
  EXPECT_TRUE(Zone::Load("Asia/Tokyo")) << "what failed once is not kept";
}

}  // namespace
}  // namespace tidemill::cron
