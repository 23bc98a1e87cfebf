#include "redis/sentinel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "metrics/metrics.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "redis/testing/sentinel_set.h"

namespace tidemill::redis {
namespace {

using net::testing::DriveUntil;
using net::testing::RunTask;
using testing::SentinelSet;

class SentinelTest : public ::testing::Test {
 protected:
  ~SentinelTest() override { net::testing::RunTurns(*loop_); }  // what was retired goes before the loop

  std::unique_ptr<Locator> Make(std::vector<Endpoint> sentinels, Credentials credentials = {},
                                std::string name = SentinelSet::kMasterName,
                                Duration timeout = tidemill::testing::kPatience) {
    return MakeSentinelLocator(*loop_,
                               {.sentinels = std::move(sentinels),
                                .master_name = std::move(name),
                                .connection = {.credentials = std::move(credentials),
                                               .connect_timeout = timeout,
                                               .io_timeout = timeout}},
                               metrics_);
  }

  // Whether a sentinel has a subscriber of ours; sentinels know no PUBSUB.
  static bool IsWatched(const SentinelSet& set) {
    return std::ranges::any_of(set.sentinels, [](const auto& sentinel) {
      if (!sentinel->running()) return false;
      std::istringstream clients(sentinel->Ask({"CLIENT", "LIST"}).text);
      for (std::string line; std::getline(clients, line);) {
        if (line.contains(" name=tidemill ") && line.contains(" sub=1 ")) return true;
      }
      return false;
    });
  }

  metrics::Registry registry_;
  Metrics metrics_{registry_};
  const std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
};

TEST_F(SentinelTest, FollowsThePrimaryAndLearnsOfOtherSentinels) {
  SentinelSet set;
  const auto locator = Make({set.sentinels[0]->endpoint()});
  EXPECT_EQ(RunTask(*loop_, locator->Locate()).value(), set.Primary().endpoint());
  int moved = 0;
  locator->SetOnMoved([&moved] { ++moved; });
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return IsWatched(set); }));

  testing::RedisServer& second = set.FailOver();
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return moved > 0; }));
  EXPECT_EQ(RunTask(*loop_, locator->Locate()).value(), second.endpoint());

  set.sentinels[0]->Kill();
  EXPECT_EQ(RunTask(*loop_, locator->Locate()).value(), second.endpoint());
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return IsWatched(set); })) << "watches no other sentinel";
}

TEST_F(SentinelTest, TellsOfAMoveThatNobodyWatched) {
  SentinelSet set({.sentinels = 1});
  const auto locator = Make({set.sentinels[0]->endpoint()});
  const Endpoint before = RunTask(*loop_, locator->Locate()).value();
  set.FailOver();
  int moved = 0;
  locator->SetOnMoved([&moved] { ++moved; });
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return moved == 1; }));
  EXPECT_NE(RunTask(*loop_, locator->Locate()).value(), before);
}

TEST_F(SentinelTest, PassesOverSentinelsThatDoNotAnswer) {
  SentinelSet set({.sentinels = 2, .sentinel_credentials = {.password = "guard"}});
  set.sentinels[0]->Stop();
  const Duration timeout = Seconds(1);
  const auto locator = Make({set.sentinels[0]->endpoint(), set.sentinels[1]->endpoint()},
                            {.password = "guard"}, SentinelSet::kMasterName, timeout);
  const auto locates = [&] {
    const auto found = RunTask(*loop_, locator->Locate());
    return found && *found == set.servers[0]->endpoint();
  };
  EXPECT_TRUE(DriveUntil(*loop_, locates));
  // Asking the silent one first would take its timeout each time; a busy machine takes long now and then.
  EXPECT_TRUE(DriveUntil(*loop_, [&] {
    const MonotonicTime begin = SystemClock().Now();
    return locates() && SystemClock().Now() - begin < timeout;
  })) << "asked the silent one first again";
}

TEST_F(SentinelTest, SaysWhyNobodyKnows) {
  SentinelSet set({.replicas = 0, .sentinels = 1, .sentinel_credentials = {.password = "guard"}});
  const Endpoint sentinel = set.sentinels[0]->endpoint();
  const auto stranger = RunTask(*loop_, Make({sentinel}, {.password = "guard"}, "other")->Locate());
  EXPECT_EQ(stranger.error().code, Errc::kUnavailable);
  EXPECT_TRUE(stranger.error().detail.contains("does not know \"other\"")) << stranger.error().detail;
  const auto locked_out = RunTask(*loop_, Make({sentinel}, {.password = "wrong"})->Locate());
  EXPECT_EQ(locked_out.error().code, Errc::kUnavailable);
  EXPECT_TRUE(locked_out.error().detail.contains("WRONGPASS")) << locked_out.error().detail;
  set.sentinels[0]->Kill();
  const auto alone = RunTask(*loop_, Make({sentinel}, {.password = "guard"})->Locate());
  EXPECT_EQ(alone.error().code, Errc::kUnavailable);
  EXPECT_TRUE(alone.error().detail.contains(sentinel.ToString())) << alone.error().detail;
}

}  // namespace
}  // namespace tidemill::redis
