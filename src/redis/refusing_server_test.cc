// A real server that takes connections and refuses what they ask.
#include <gtest/gtest.h>

#include <string>

#include "metrics/metrics.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "redis/single.h"
#include "redis/testing/recorder.h"
#include "redis/testing/redis_server.h"

namespace tidemill::redis {
namespace {

using net::testing::DriveUntil;
using net::testing::RunTask;
using testing::Recorder;
using testing::RedisServer;

class RefusingServer : public ::testing::Test {
 protected:
  RefusingServer() {
    server_.Ask({"ACL", "SETUSER", "app", "on", ">p", "~*", "&*", "+@all"});
    subscriber_ = MakeSingleSubscriber(*loop_, MakeFixedLocator(server_.endpoint()),
                                       {.credentials = {"app", "p"},
                                        .connect_timeout = tidemill::testing::kPatience,
                                        .io_timeout = tidemill::testing::kPatience},
                                       recorder_, metrics_);
    EXPECT_TRUE(DriveUntil(*loop_, [this] { return !subscriber_->down_since(); }));
  }
  ~RefusingServer() override {
    subscriber_.reset();
    net::testing::RunTurns(*loop_);
  }

  void AllowChannels(const char* rule) const { server_.Ask({"ACL", "SETUSER", "app", rule}); }
  Result<void> Subscribe(const std::string& channel) {
    return RunTask(*loop_, subscriber_->Subscribe(channel));
  }
  bool DriveUntilRestored(int channels) {
    return DriveUntil(*loop_, [&] { return static_cast<int>(recorder_.restored.size()) == channels; });
  }

  RedisServer server_{{.lines = {"enable-protected-configs yes"}}};
  Recorder recorder_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  const std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  std::unique_ptr<Subscriber> subscriber_;
};

TEST_F(RefusingServer, ASubscribeFailsWithItsText) {
  AllowChannels("resetchannels");
  const Result<void> refused = Subscribe("a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kRefused);
  EXPECT_TRUE(refused.error().detail.contains("NOPERM")) << refused.error().detail;
  EXPECT_EQ(metrics_.refusals.NewestAfter({0}), RefusalKind::kNoPermission);
  AllowChannels("allchannels");
  EXPECT_TRUE(Subscribe("a"));
}

// All channels are subscribed to again with one command, and refused with one answer.
TEST_F(RefusingServer, SubscriptionsComeBackWhenTheyAreAllowedAgain) {
  for (const char* channel : {"a", "b", "c"}) ASSERT_TRUE(Subscribe(channel));
  AllowChannels("resetchannels");  // ends the connection as well
  ASSERT_TRUE(DriveUntil(*loop_, [this] { return metrics_.refusals.NewestAfter({0}).has_value(); }));
  EXPECT_EQ(recorder_.lost.size(), 3u);
  EXPECT_TRUE(recorder_.restored.empty());
  AllowChannels("allchannels");
  ASSERT_TRUE(DriveUntilRestored(3));
  server_.Ask({"PUBLISH", "b", "again"});
  EXPECT_TRUE(DriveUntil(*loop_, [this] { return recorder_.messages["b"].size() == 1; }));
  EXPECT_EQ(recorder_.lost["a"], 1);
  EXPECT_EQ(recorder_.restored["a"], 1);
}

// Redis refuses PING then.
TEST_F(RefusingServer, ABarrierIsKeptAlsoWhenRedisCannotSave) {
  ASSERT_TRUE(Subscribe("a"));
  server_.Ask({"CONFIG", "SET", "save", "3600 1000"});
  server_.Ask({"CONFIG", "SET", "dir", "/proc"});
  server_.Ask({"BGSAVE"});
  ASSERT_TRUE(
      tidemill::testing::WaitUntil([this] { return server_.Ask({"PING"}).error_code() == "MISCONF"; }));
  EXPECT_TRUE(RunTask(*loop_, subscriber_->Barrier("a")));
  // PINGs of a silent connection are refused too, and neither end it nor spoil what is asked later.
  const MonotonicTime begun = SystemClock().Now();
  DriveUntil(*loop_, [&] { return SystemClock().Now() - begun > Seconds(3); });
  EXPECT_FALSE(subscriber_->down_since());
  EXPECT_TRUE(Subscribe("b"));
}

// The connection is of no use without an incarnation: commands fail as if Redis were away, and the refusal
// has a name. It works again when the key is gone.
TEST_F(RefusingServer, SomebodyElsesIncarnationKeyIsARefusalWithAName) {
  const std::string key = "app.incarnation";
  server_.Ask({"SET", key, "somebody else's"});
  const auto client =
      MakeSingleClient(*loop_, MakeFixedLocator(server_.endpoint()),
                       {.connection = {.credentials = {"app", "p"}}, .incarnation_key = key}, metrics_);
  ASSERT_TRUE(DriveUntil(*loop_, [this] { return metrics_.refusals.NewestAfter({0}).has_value(); }));
  EXPECT_EQ(metrics_.refusals.NewestAfter({0}), RefusalKind::kWrongType);
  EXPECT_TRUE(client->down_since());
  const Result<Reply> refused = RunTask(*loop_, client->Send("k", {"GET", "k"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kUnavailable);
  server_.Ask({"DEL", key});
  EXPECT_TRUE(DriveUntil(*loop_, [&client] { return !client->down_since(); }));
}

}  // namespace
}  // namespace tidemill::redis
