#include "jobs/cron/schedule.h"

#include <gtest/gtest.h>

#include <string>

#include "jobs/cron/describe.h"

namespace tidemill::cron {
namespace {

constexpr std::uint64_t Mask(std::initializer_list<int> values) {
  std::uint64_t mask = 0;
  for (const int value : values) mask |= std::uint64_t{1} << value;
  return mask;
}

Calendar Parsed(std::string_view text) {
  const auto schedule = ParseSchedule(text);
  if (!schedule) ADD_FAILURE() << text << ": " << schedule.error().detail;
  return schedule ? std::get<Calendar>(*schedule) : Calendar{};
}

std::string ErrorOf(std::string_view text) {
  const auto schedule = ParseSchedule(text);
  return schedule ? "accepted" : schedule.error().detail;
}

TEST(ParseSchedule, ReadsListsRangesStepsAndNames) {
  EXPECT_EQ(Parsed("0,30 * * * *").minutes, Mask({0, 30}));
  EXPECT_EQ(Parsed("5-8 * * * *").minutes, Mask({5, 6, 7, 8}));
  EXPECT_EQ(Parsed("*/20 * * * *").minutes, Mask({0, 20, 40}));
  EXPECT_EQ(Parsed("50/4 * * * *").minutes, Mask({50, 54, 58}));
  EXPECT_EQ(Parsed("1-9/4,30 * * * *").minutes, Mask({1, 5, 9, 30}));
  EXPECT_EQ(Parsed("\t0  0 * jan,MAR-May * ").months, Mask({1, 3, 4, 5}));
  EXPECT_EQ(Parsed("0 0 * * mon-FRI").weekdays, Mask({1, 2, 3, 4, 5}));
  EXPECT_EQ(Parsed("0 0 * * 5-7").weekdays, Mask({0, 5, 6}));
  EXPECT_EQ(Parsed("0 0 * * SAT-SUN").weekdays, Mask({0, 6}));
  EXPECT_EQ(Parsed("0 0 * * SUN-SUN").weekdays, Mask({0}));
  EXPECT_EQ(Parsed("0 0 * * SUN").weekdays, Mask({0}));
  EXPECT_EQ(Parsed("0 0 * * 7").weekdays, Mask({0}));
  EXPECT_EQ(Parsed("0 0 * FEB-JUL WED-THU").weekdays, Mask({3, 4}));
  EXPECT_EQ(Parsed("0 0 * * */2").weekdays, Mask({0, 2, 4, 6}));
}

TEST(ParseSchedule, SecondsComeFirstAndAreZeroWhereTheyAreLeftOut) {
  EXPECT_EQ(Parsed("1 2 3 * *").seconds, Mask({0}));
  const Calendar six = Parsed("*/30 1 2 3 4 5");
  EXPECT_EQ(six.seconds, Mask({0, 30}));
  EXPECT_EQ(six.minutes, Mask({1}));
  EXPECT_EQ(six.hours, Mask({2}));
  EXPECT_EQ(six.days, Mask({3}));
  EXPECT_EQ(six.months, Mask({4}));
  EXPECT_EQ(six.weekdays, Mask({5}));
  EXPECT_EQ(Parsed("* * * * * *").seconds, (std::uint64_t{1} << 60) - 1);
}

TEST(ParseSchedule, TellsWhatWasWrittenFromWhatAdmitsEveryDay) {
  EXPECT_TRUE(Parsed("0 0 * * MON").any_day);
  EXPECT_TRUE(Parsed("0 0 ? * MON").any_day);
  EXPECT_TRUE(Parsed("0 0 */1 * MON").any_day);
  EXPECT_FALSE(Parsed("0 0 1-31 * MON").any_day);
  EXPECT_FALSE(Parsed("0 0 */2 * MON").any_day);
  EXPECT_TRUE(Parsed("0 0 1 * ?").any_weekday);
  EXPECT_FALSE(Parsed("0 0 1 * 0-6").any_weekday);
}

TEST(ParseSchedule, ReadsLastDaysAndNthWeekdays) {
  EXPECT_TRUE(Parsed("0 0 L * *").last_day);
  EXPECT_EQ(Parsed("0 0 1,L * *").days, Mask({1}));
  EXPECT_EQ(Parsed("0 0 * * FRIL").weekday_of_month[5], 1 << Calendar::kLast);
  EXPECT_EQ(Parsed("0 0 * * 7L").weekday_of_month[0], 1 << Calendar::kLast);
  const Calendar nth = Parsed("0 0 * * mon#1,MON#3,2#5");
  EXPECT_EQ(nth.weekday_of_month[1], 0b101);
  EXPECT_EQ(nth.weekday_of_month[2], 0b10000);
  EXPECT_EQ(nth.weekdays, 0U);
}

TEST(ParseSchedule, MacrosAreWhatTheyStandFor) {
  EXPECT_EQ(ParseSchedule("@yearly"), ParseSchedule("0 0 1 1 *"));
  EXPECT_EQ(ParseSchedule("@annually"), ParseSchedule("0 0 1 1 *"));
  EXPECT_EQ(ParseSchedule("@monthly"), ParseSchedule("0 0 1 * *"));
  EXPECT_EQ(ParseSchedule("@weekly"), ParseSchedule("0 0 * * 0"));
  EXPECT_EQ(ParseSchedule("@daily"), ParseSchedule("0 0 * * *"));
  EXPECT_EQ(ParseSchedule("@midnight"), ParseSchedule(" 0 0 * * *"));
  EXPECT_EQ(ParseSchedule("@hourly"), ParseSchedule("0 * * * *"));
  EXPECT_EQ(ParseSchedule("@every 90s"), Schedule(Every{.period = Seconds(90)}));
  EXPECT_EQ(ParseSchedule("@every  1h30m"), Schedule(Every{.period = Minutes(90)}));
}

TEST(ParseSchedule, RefusesByNameAndSaysWhatIsAccepted) {
  struct Case {
    const char* text;
    const char* error;  // its beginning
  };
  const Case cases[] = {
      {"", "0 fields; a schedule has five"},
      {"* * * *", "4 fields; a schedule has five"},
      {"* * * * * * *", "7 fields"},
      {"60 * * * *", "minute \"60\": 60 is out of range; accepted: 0 to 59"},
      {"* 24 * * *", "hour \"24\": 24 is out of range"},
      {"* * 0 * *", "day of the month \"0\": 0 is out of range"},
      {"* * 32 * *", "day of the month \"32\": 32 is out of range"},
      {"* * * 13 *", "month \"13\": 13 is out of range"},
      {"* * * * 8", "day of the week \"8\": 8 is out of range"},
      {"60 * * * * *", "second \"60\": 60 is out of range"},
      {"-1 * * * *", "minute \"-1\": \"\" is no value"},
      {"+1 * * * *", "minute \"+1\": \"+1\" is no value"},
      {"1.5 * * * *", "minute \"1.5\": \"1.5\" is no value"},
      {"00000001 * * * *", "minute \"00000001\": \"00000001\" is no value"},
      {"1,,2 * * * *", "minute \"1,,2\": an empty item"},
      {"1, * * * *", "minute \"1,\": an empty item"},
      {"*,5 * * * *", "minute \"*,5\": * beside others"},
      {"5-1 * * * *", "minute \"5-1\": 5-1 ends before it begins; write it as two ranges"},
      {"* 22-2 * * *", "hour \"22-2\": 22-2 ends before it begins"},
      {"* * * * FRI-MON", "day of the week \"FRI-MON\": FRI-MON ends before it begins"},
      {"1-2-3 * * * *", "minute \"1-2-3\": \"2-3\" is no value"},
      {"*/0 * * * *", "minute \"*/0\": no step: \"0\""},
      {"*/ * * * *", "minute \"*/\": no step: \"\""},
      {"*/2/3 * * * *", "minute \"*/2/3\": no step: \"2/3\""},
      {"*/60 * * * *", "minute \"*/60\": the step of */60 passes over all but 0"},
      {"*/90 * * * *", "minute \"*/90\": the step of */90 passes over all but 0"},
      {"? * * * *", "minute \"?\": \"?\" is no value"},
      {"* * * MONDAY *", "month \"MONDAY\": \"MONDAY\" is no value"},
      {"* * * * MONDAY", "day of the week \"MONDAY\": \"MONDAY\" is no value"},
      {"* * * * JAN", "day of the week \"JAN\": \"JAN\" is no value"},
      {"* * 15W * *", "day of the month \"15W\": W (the nearest weekday) is not understood"},
      {"* * LW * *", "day of the month \"LW\": W (the nearest weekday) is not understood"},
      {"* * L-3 * *", "day of the month \"L-3\": \"L\" is no value"},
      {"* * 3L * *", "day of the month \"3L\": L is understood alone"},
      {"L * * * *", "minute \"L\": L is understood alone"},
      {"* * * * L", "day of the week \"L\": L alone has several meanings here; write SAT"},
      {"* * 1#2 * *", "day of the month \"1#2\": # is understood in the day of the week alone"},
      {"* * * * MON#6", "day of the week \"MON#6\": behind # stands 1 to 5"},
      {"* * * * MON#0", "day of the week \"MON#0\": behind # stands 1 to 5"},
      {"* * * * MON#", "day of the week \"MON#\": behind # stands 1 to 5"},
      {"* * * * 1/2",
       "day of the week \"1/2\": whether 1/2 ends at 6 or 7 is not agreed; write it as a range"},
      {"H * * * *", "minute \"H\": H (a value by hash) is not understood"},
      {"0 0 30 2 *", "a date that never comes"},
      {"0 0 31 4,6,9,11 *", "a date that never comes"},
      {"0 0 30,31 FEB ?", "a date that never comes"},
      {"@reboot", "@reboot is not understood; accepted: @every 90s, @yearly"},
      {"@Daily", "@Daily is not understood"},
      {"@daily 5", "@daily stands alone"},
      {"@every", "@every stands before one duration"},
      {"@every 1h 5m", "@every stands before one duration"},
      {"@every soon", "@every: \"soon\" is not a duration"},
      {"@every 500ms", "@every 500ms: accepted are whole seconds from 1s to 8784h"},
      {"@every 1s500ms", "@every 1s500ms: accepted are whole seconds"},
      {"@every 8785h", "@every 8785h: accepted are whole seconds"},
      {"@every 0s", "@every 0s: accepted are whole seconds"},
      {"CRON_TZ=UTC 0 0 * * *", "the time zone is a field of its own"},
      {"TZ=UTC 0 0 * * *", "the time zone is a field of its own"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_TRUE(ErrorOf(c.text).starts_with(c.error)) << ErrorOf(c.text);
  }
  EXPECT_EQ(ErrorOf("0 0 29 2 *"), "accepted");
  EXPECT_EQ(ErrorOf("0 0 30 2 MON"), "accepted");  // Mondays
  EXPECT_EQ(ErrorOf("0 0 30 2,3 *"), "accepted");
}

TEST(ParseSchedule, ItsTextHasALimit) {
  const std::string long_list = "0" + std::string(kTextBytesMax - 9, ' ') + "* * * *";
  EXPECT_EQ(ErrorOf(long_list + " "), "accepted");
  EXPECT_EQ(ErrorOf(long_list + "  "), "a schedule has at most 256 bytes");
}

TEST(Describe, SaysItInWords) {
  struct Case {
    const char* text;
    const char* words;
  };
  const Case cases[] = {
      {"30 3 * * MON-FRI", "at 03:30 on weekdays, UTC"},
      {"30 3 * * *", "at 03:30 every day, UTC"},
      {"0 9,17 * * *", "at 09:00 and 17:00 every day, UTC"},
      {"15 30 3 * * *", "at 03:30:15 every day, UTC"},
      {"* * * * *", "every minute, UTC"},
      {"*/15 * * * *", "every 15 minutes, UTC"},
      {"*/15 9-17 * * *", "every 15 minutes, in hours 9 to 17, UTC"},
      {"5 * * * *", "at minute 5 of every hour, UTC"},
      {"5,10 * * * *", "at minutes 5 and 10, UTC"},
      {"*/10 * * * * *", "every 10 seconds, UTC"},
      {"0 0 1,15 * *", "at 00:00 on days 1 and 15 of the month, UTC"},
      {"0 0 L * *", "at 00:00 on the last day of the month, UTC"},
      {"0 0 * * FRI#2", "at 00:00 on the second Friday of the month, UTC"},
      {"0 0 * * FRIL", "at 00:00 on the last Friday of the month, UTC"},
      {"0 0 * * SAT,SUN", "at 00:00 on Saturday and Sunday, UTC"},
      {"0 0 1 * MON", "at 00:00 on day 1 of the month or on Monday, UTC"},
      {"0 0 1 1-3,7 *", "at 00:00 on day 1 of the month in January to March and July, UTC"},
      {"@every 90s", "every 1m30s"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto schedule = ParseSchedule(c.text);
    ASSERT_TRUE(schedule) << schedule.error().detail;
    EXPECT_EQ(Describe(*schedule, Zone()), c.words);
  }
}

}  // namespace
}  // namespace tidemill::cron
