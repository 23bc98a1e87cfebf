#include "redis/refusals.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"

namespace tidemill::redis {
namespace {

TEST(RefusalKindOf, TellsWhatRedisMeans) {
  struct Case {
    std::string_view error;
    std::optional<RefusalKind> want;
  };
  const Case cases[] = {
      {"NOAUTH Authentication required.", RefusalKind::kNoAuth},
      {"WRONGPASS invalid username-password pair or user is disabled.", RefusalKind::kNoAuth},
      {"ERR AUTH <password> called without any password configured for the default user. Are you sure your "
       "configuration is correct?",
       RefusalKind::kNoAuth},
      {"NOPERM this user has no permissions to run the 'eval' command", RefusalKind::kNoPermission},
      {"ERR The user executing the script can't publish to the channel mentioned in the command script: "
       "2c66, "
       "on @user_script:1.",
       RefusalKind::kNoPermission},
      {"ERR ACL failure in script: User a has no permissions to access one of the channels used as arguments "
       "script: 2c66, on @user_script:20.",
       RefusalKind::kNoPermission},
      {"OOM command not allowed when used memory > 'maxmemory'. script: 2c66, on @user_script:1.",
       RefusalKind::kOutOfMemory},
      {"ERR Error running script (call to f_2c66): @user_script:1: @user_script: 1: -OOM command not allowed "
       "when used memory > 'maxmemory'.",
       RefusalKind::kOutOfMemory},
      {"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
       RefusalKind::kNotSaved},
      {"READONLY You can't write against a read only replica.", RefusalKind::kReadOnly},
      {"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
       RefusalKind::kPrimaryDown},
      {"NOREPLICAS Not enough good replicas to write.", RefusalKind::kNoReplicas},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", RefusalKind::kWrongType},
      {"LOADING Redis is loading the dataset in memory", RefusalKind::kLoading},
      {"CLUSTERDOWN Hash slot not served", RefusalKind::kClusterDown},
      {"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
       RefusalKind::kBusy},
      {"BUSYKEY Target key name already exists.", RefusalKind::kOther},
      {"ERR max number of clients reached", RefusalKind::kTooManyClients},
      {"ERR unknown command 'SPUBLISH'", RefusalKind::kUnknownCommand},
      {"ERR something new", RefusalKind::kOther},
      {"NOSCRIPT No matching script. Please use EVAL.", std::nullopt},
      {"MOVED 3999 127.0.0.1:6381", std::nullopt},
      {"ASK 3999 127.0.0.1:6381", std::nullopt},
      {"TRYAGAIN Multiple keys request during rehashing of slot", std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.error);
    EXPECT_EQ(RefusalKindOf(c.error), c.want);
  }
}

TEST(RefusalKindOf, EachKindHasANameAndAnAdviceOfItsOwn) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kRefusalKinds; ++i) {
    const auto kind = static_cast<RefusalKind>(i);
    EXPECT_FALSE(AdviceFor(kind).empty());
    EXPECT_EQ(std::ranges::find(names, NameOf(kind)), names.end()) << NameOf(kind);
    names.push_back(NameOf(kind));
  }
}

std::vector<std::string>& Lines() {
  static std::vector<std::string> lines;
  return lines;
}

TEST(Refusals, SaysEachKindOnceInAWhileAndCountsAll) {
  Lines().clear();
  log::SetSinkForTest([](std::string_view line) { Lines().emplace_back(line); });
  metrics::Registry registry;
  ManualClock clock;
  Refusals refusals(registry, clock);
  EXPECT_EQ(refusals.NewestAfter({0}), std::nullopt);
  for (int i = 0; i < 100; ++i) refusals.Note("OOM too much", "10.0.0.7:6379", "EVALSHA");
  refusals.Note("LOADING wait", "10.0.0.7:6379", "INFO");
  refusals.Note("NOSCRIPT unknown", "10.0.0.7:6379", "EVALSHA");
  EXPECT_EQ(Lines().size(), 2u);
  EXPECT_TRUE(
      Lines()[0].contains("WARN redis.refused kind=OOM text=\"OOM too much\" server=10.0.0.7:6379 "
                          "command=EVALSHA advice="))
      << Lines()[0];
  EXPECT_EQ(refusals.NewestAfter({0}), RefusalKind::kLoading);
  EXPECT_EQ(refusals.NewestAfter(clock.Now()), std::nullopt);
  clock.Advance(Seconds(31));
  refusals.Note("OOM too much", "10.0.0.7:6379", "EVALSHA");
  ASSERT_EQ(Lines().size(), 3u);
  EXPECT_TRUE(Lines()[2].ends_with("suppressed=99")) << Lines()[2];
  const std::string text = registry.Text();
  EXPECT_TRUE(text.contains("tidemill_redis_refusals_total{kind=\"OOM\"} 101\n")) << text;
  EXPECT_TRUE(text.contains("tidemill_redis_refusals_total{kind=\"NOPERM\"} 0\n")) << text;
  log::SetSinkForTest(nullptr);
}

}  // namespace
}  // namespace tidemill::redis
