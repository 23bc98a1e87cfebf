// What only a cluster does: slots that move, nodes that come and go, slots that nobody has.
#include "redis/cluster/cluster_client.h"
#include "redis/cluster/cluster_subscriber.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include "metrics/metrics.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "redis/hash_slot.h"
#include "redis/testing/cluster_set.h"
#include "redis/testing/recorder.h"

namespace tidemill::redis {
namespace {

using net::testing::DriveUntil;
using net::testing::RunTask;
using testing::ClusterSet;
using testing::Recorder;
using testing::RedisServer;

class ClusterTest : public ::testing::TestWithParam<PubSub> {
 protected:
  ~ClusterTest() override {
    subscriber_.reset();
    client_.reset();
    net::testing::RunTurns(*loop_);
  }

  void Connect(const ClusterSet& set, Duration io_timeout = tidemill::testing::kPatience) {
    const ClusterOptions options{
        .seeds = {set.nodes[0]->endpoint()},
        .connection = {.connect_timeout = tidemill::testing::kPatience, .io_timeout = io_timeout},
        .prefix = "test",
        .pub_sub = GetParam()};
    client_ = MakeClusterClient(*loop_, options, metrics_);
    subscriber_ = MakeClusterSubscriber(*loop_, options, recorder_, metrics_);
    ASSERT_TRUE(AwaitUp());
  }
  bool AwaitUp() {
    return DriveUntil(*loop_, [this] { return !client_->down_since() && !subscriber_->down_since(); });
  }

  Result<Reply> Send(std::string key, Command command) {
    return RunTask(*loop_, client_->Send(std::move(key), std::move(command)));
  }
  // The text of the answer, or what went wrong.
  std::string Text(std::string key, Command command) {
    const auto reply = Send(std::move(key), std::move(command));
    return reply ? reply->text : reply.error().detail;
  }
  Result<Reply> Publish(const std::string& channel, const std::string& payload) {
    return Send(channel, {GetParam() == PubSub::kSharded ? "SPUBLISH" : "PUBLISH", channel, payload});
  }
  // With a short io_timeout: a busy machine may let it pass before the answer that is meant.
  bool ComesTo(std::string_view wanted, const std::function<std::string()>& ask) {
    std::string got;
    const bool came = DriveUntil(*loop_, [&] { return (got = ask()).contains(wanted); });
    EXPECT_TRUE(came) << got;
    return came;
  }
  // Another primary than the slot's.
  static RedisServer& Other(const ClusterSet& set, std::uint16_t slot) {
    return set.PrimaryOf(static_cast<std::uint16_t>((slot + kSlots / 2) % kSlots));
  }

  Recorder recorder_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  const std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  std::unique_ptr<Client> client_;
  std::unique_ptr<Subscriber> subscriber_;
};

// What is the same with both kinds of pub/sub.
class ClusterCommandsTest : public ClusterTest {};

TEST_P(ClusterTest, FollowsSlotsThatMove) {
  ClusterSet set;
  Connect(set);
  ASSERT_TRUE(RunTask(*loop_, subscriber_->Subscribe("k")));
  ASSERT_TRUE(RunTask(*loop_, subscriber_->Subscribe("{k}2")));
  const std::uint16_t slot = SlotOf("k");
  RedisServer& one = set.PrimaryOf(slot);
  RedisServer& other = Other(set, slot);
  EXPECT_EQ(Text("k", {"SET", "k", "v"}), "OK");
  for (int round = 1; round <= 4; ++round) {
    if (round % 2 == 1) {
      set.MoveSlot(slot, one, other);
    } else {
      set.MoveSlot(slot, other, one);
    }
    EXPECT_EQ(Text("k", {"GET", "k"}), "v");
    for (const char* channel : {"k", "{k}2"}) {
      ASSERT_TRUE(DriveUntil(*loop_, [&] { return recorder_.restored[channel] == round; })) << channel;
      EXPECT_EQ(recorder_.lost[channel], round);
      recorder_.messages.clear();
      ASSERT_TRUE(Publish(channel, "m"));
      ASSERT_TRUE(RunTask(*loop_, subscriber_->Barrier(channel)));
      EXPECT_EQ(recorder_.messages[channel], std::vector<std::string>{"m"});
    }
  }
}

TEST_P(ClusterCommandsTest, AsksTheNodeThatASlotIsMovingTo) {
  ClusterSet set;
  Connect(set);
  const std::uint16_t slot = SlotOf("k");
  RedisServer& from = set.PrimaryOf(slot);
  RedisServer& to = Other(set, slot);
  ASSERT_EQ(Text("k", {"SET", "k", "v"}), "OK");
  set.BeginMove(slot, from, to);
  EXPECT_EQ(Text("k", {"GET", "k"}), "v");
  EXPECT_EQ(Text("{k}new", {"SET", "{k}new", "n"}), "OK");
  EXPECT_TRUE(from.Ask({"GET", "{k}new"}).error_code() == "ASK") << "it was kept where it must not be";
  set.MoveKeys(slot, from, to);
  const Script script("return redis.call('GET', KEYS[1])");
  EXPECT_EQ(Text("k", {"GET", "k"}), "v");
  EXPECT_EQ(RunTask(*loop_, client_->Run(script, {"k"}, {})).value().text, "v");
  set.EndMove(slot, from, to);
  EXPECT_EQ(Text("{k}new", {"GET", "{k}new"}), "n");
  EXPECT_EQ(RunTask(*loop_, client_->Run(script, {"k"}, {})).value().text, "v");
}

TEST_P(ClusterCommandsTest, WaitsForKeysThatAreOnTheirWay) {
  ClusterSet set;
  Connect(set, Milliseconds(600));
  const std::uint16_t slot = SlotOf("{k}");
  RedisServer& from = set.PrimaryOf(slot);
  RedisServer& to = Other(set, slot);
  ASSERT_TRUE(ComesTo("OK", [&] { return Text("{k}1", {"SET", "{k}1", "v"}); }));
  set.BeginMove(slot, from, to);
  // One key is there, the other is not anywhere yet: neither node can carry this out.
  EXPECT_TRUE(ComesTo("TRYAGAIN", [&] {
    const auto split = Send("{k}1", {"MGET", "{k}1", "{k}2"});
    EXPECT_EQ(split.error().code, Errc::kUnavailable);
    return split.error().detail;
  }));
  set.MoveKeys(slot, from, to);
  set.EndMove(slot, from, to);
  EXPECT_TRUE(ComesTo("v", [&] {
    const auto both = Send("{k}1", {"MGET", "{k}1", "{k}2"});
    return both ? both->elements[0].text : both.error().detail;
  }));
}

Task<void> SubscribeTo(Subscriber& subscriber, std::string channel, int& subscribed) {
  if (co_await subscriber.Subscribe(std::move(channel))) ++subscribed;
}

TEST_P(ClusterTest, RestoresThousandsOfChannelsAfterAFailover) {
  constexpr int kChannels = 3000;
  ClusterSet set({.primaries = 3, .replicas_each = 1});
  Connect(set);
  TaskScope scope;
  int subscribed = 0;
  for (int i = 0; i < kChannels; ++i) scope.Spawn(SubscribeTo(*subscriber_, std::to_string(i), subscribed));
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return subscribed == kChannels; }));
  RedisServer& dead = set.PrimaryOf(SlotOf("7"));
  dead.Kill();
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return recorder_.lost["7"] == 1; }));
  set.AwaitPrimaryOtherThan(SlotOf("7"), dead);
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return recorder_.restored == recorder_.lost; }));
  EXPECT_GT(recorder_.lost.size(), kChannels / 4U);
  EXPECT_LT(recorder_.lost.size(), kChannels / 2U);
  for (const auto& [channel, times] : recorder_.lost) {
    EXPECT_EQ(times, 1) << channel;
    ASSERT_TRUE(Publish(channel, "m"));
  }
  ASSERT_TRUE(RunTask(*loop_, subscriber_->Barrier("7")));
  EXPECT_EQ(recorder_.messages.size(), recorder_.lost.size());
}

Task<void> SetAt(Client& client, std::string key, int& failed) {
  if (!co_await client.Send(key, {"SET", key, "v"})) ++failed;
}

// What waits for a server goes on, or is forgotten, in the middle of the destruction.
TEST_P(ClusterTest, EndsWhileCommandsAndSubscriptionsWaitForASilentServer) {
  ClusterSet set;
  Connect(set);
  ASSERT_TRUE(RunTask(*loop_, subscriber_->Subscribe("k")));
  set.PrimaryOf(SlotOf("k")).Stop();
  TaskScope scope;
  int failed = 0;
  int subscribed = 0;
  scope.Spawn(SetAt(*client_, "k", failed));
  scope.Spawn(SubscribeTo(*subscriber_, "{k}2", subscribed));
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(failed, 0);
  subscriber_.reset();
  client_.reset();
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(subscribed, 0);
}

// As when an operator changes the ACL. Each channel is tried again, less and less often.
TEST_P(ClusterTest, TriesRefusedChannelsLessAndLessOften) {
  constexpr std::uint64_t kChannels = 20;
  ClusterSet set;
  const auto tell_all = [&set](const Command& command) {
    for (const auto& node : set.nodes) node->Ask(command);
  };
  tell_all({"ACL", "SETUSER", "app", "on", ">p", "~*", "&*", "+@all"});
  const ClusterOptions options{.seeds = {set.nodes[0]->endpoint()},
                               .connection = {.credentials = {"app", "p"},
                                              .connect_timeout = tidemill::testing::kPatience,
                                              .io_timeout = tidemill::testing::kPatience},
                               .prefix = "test",
                               .pub_sub = GetParam()};
  subscriber_ = MakeClusterSubscriber(*loop_, options, recorder_, metrics_);
  ASSERT_TRUE(DriveUntil(*loop_, [this] { return !subscriber_->down_since(); }));
  for (std::uint64_t i = 0; i < kChannels; ++i) {
    ASSERT_TRUE(RunTask(*loop_, subscriber_->Subscribe(std::to_string(i))));
  }
  tell_all({"ACL", "SETUSER", "app", "resetchannels"});  // ends the connections as well
  ASSERT_TRUE(DriveUntil(*loop_, [this] { return metrics_.errors.value() >= kChannels; }));
  const std::uint64_t refused = metrics_.errors.value();
  const MonotonicTime begin = SystemClock().Now();
  DriveUntil(*loop_, [begin] { return SystemClock().Now() - begin > Seconds(4); });
  EXPECT_LE(metrics_.errors.value() - refused, kChannels * 7);
  EXPECT_EQ(recorder_.lost.size(), kChannels);
  tell_all({"ACL", "SETUSER", "app", "allchannels"});
  EXPECT_TRUE(DriveUntil(*loop_, [this] { return recorder_.restored.size() == kChannels; }));
  EXPECT_EQ(recorder_.lost["0"], 1);
}

TEST_P(ClusterTest, TakesInNewPrimariesAndLetsGoOfThoseWithoutSlots) {
  ClusterSet set({.primaries = 2});
  Connect(set);
  RedisServer& added = set.AddNode();
  const std::uint16_t slot = SlotOf("k");
  ASSERT_EQ(Text("k", {"SET", "k", "v"}), "OK");
  RedisServer& from = set.PrimaryOf(slot);
  set.MoveSlot(slot, from, added);
  EXPECT_EQ(Text("k", {"GET", "k"}), "v");
  ASSERT_TRUE(RunTask(*loop_, subscriber_->Subscribe("k")));
  ASSERT_TRUE(AwaitUp());
  set.MoveSlot(slot, added, from);
  EXPECT_EQ(Text("k", {"GET", "k"}), "v");
  if (GetParam() == PubSub::kSharded) {
    ASSERT_TRUE(DriveUntil(*loop_, [&] { return recorder_.restored["k"] == 1; }));
  }
  // Nobody needs it any more, so that its end is no loss.
  added.Kill();
  EXPECT_TRUE(AwaitUp());
  // With plain pub/sub the subscription may still be on its way back.
  EXPECT_TRUE(DriveUntil(*loop_, [&] {
    return Publish("k", "m") && RunTask(*loop_, subscriber_->Barrier("k")) && !recorder_.messages.empty();
  }));
  EXPECT_EQ(recorder_.messages["k"].front(), "m");
}

// A node keeps its incarnation under a key in one of its slots, which may be the one that goes.
TEST_P(ClusterCommandsTest, ConnectsAgainAfterTheSlotOfTheIncarnationHasMoved) {
  ClusterSet set;
  Connect(set);
  RedisServer& from = set.PrimaryOf(0);
  set.MoveSlot(0, from, set.PrimaryOf(kSlots - 1));
  const std::string key = "{" + TagInSlot(1) + "}";
  const std::string moved = "{" + TagInSlot(0) + "}";
  ASSERT_EQ(Text(moved, {"SET", moved, "v"}), "OK");
  EXPECT_EQ(from.Ask({"CLIENT", "KILL", "TYPE", "normal"}).is_error(), false);
  const Script script("return {KEYS[1], ARGV[1]}");
  EXPECT_TRUE(DriveUntil(*loop_, [&] {
    const auto reply = RunTask(*loop_, client_->Run(script, {key}, {}));
    return reply && std::stoll(reply->elements[1].text) > 0 && !client_->down_since();
  }));
}

TEST_P(ClusterCommandsTest, FailsWithinTheTimeoutWhileTheClusterIsDown) {
  ClusterSet set;
  Connect(set, Milliseconds(800));
  set.nodes[2]->Kill();
  RedisServer& left = *set.nodes[0];
  const auto state_is = [&left](std::string_view state) {
    return left.Ask({"CLUSTER", "INFO"}).text.contains("cluster_state:" + std::string(state));
  };
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return state_is("fail"); }));
  const std::string key = "{" + TagInSlot(0) + "}";
  EXPECT_TRUE(ComesTo("CLUSTERDOWN", [&] {
    const auto refused = Send(key, {"SET", key, "v"});
    EXPECT_EQ(refused.error().code, Errc::kUnavailable);
    return refused.error().detail;
  }));
  EXPECT_TRUE(client_->down_since());
  set.nodes[2]->Restart();
  ASSERT_TRUE(AwaitUp());
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return state_is("ok"); }));
  EXPECT_TRUE(ComesTo("OK", [&] { return Text(key, {"SET", key, "v"}); }));
}

TEST_P(ClusterTest, RefusesAtOnceWhenNoNodeHasEverAnswered) {
  const Duration never = tidemill::testing::kPatience;
  const ClusterOptions options{.seeds = {{.host = "127.0.0.1", .port = 1}},
                               .connection = {.connect_timeout = never, .io_timeout = never},
                               .prefix = "test"};
  client_ = MakeClusterClient(*loop_, options, metrics_);
  subscriber_ = MakeClusterSubscriber(*loop_, options, recorder_, metrics_);
  const MonotonicTime begin = SystemClock().Now();
  EXPECT_EQ(Send("k", {"GET", "k"}).error().code, Errc::kUnavailable);
  EXPECT_EQ(Send("", {"PING"}).error().code, Errc::kUnavailable);
  EXPECT_EQ(RunTask(*loop_, subscriber_->Subscribe("k")).error().code, Errc::kUnavailable);
  EXPECT_EQ(RunTask(*loop_, subscriber_->Barrier("k")).error().code, Errc::kUnavailable);
  EXPECT_LT(SystemClock().Now() - begin, never);
  EXPECT_TRUE(client_->down_since());
}

INSTANTIATE_TEST_SUITE_P(Redis, ClusterCommandsTest, ::testing::Values(PubSub::kSharded));
INSTANTIATE_TEST_SUITE_P(Redis, ClusterTest, ::testing::Values(PubSub::kSharded, PubSub::kPlain),
                         [](const auto& mode) {
                           return std::string(mode.param == PubSub::kSharded ? "Sharded" : "Plain");
                         });

}  // namespace
}  // namespace tidemill::redis
