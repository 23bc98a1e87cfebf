#include "cluster/cluster.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cluster/pending_replies.h"
#include "cluster/recent_commands.h"
#include "cluster/testing/cluster_bench.h"

namespace tidemill::cluster {
namespace {

using testing::ClusterBench;
using Uids = std::vector<std::string>;
using Lines = std::vector<std::string>;

Command Revoke(std::string user = "u") {
  return {.target = {.user = std::move(user)},
          .action = control::Disconnect{.code = 3503, .reason = "revoked"}};
}

bool IsOf(std::string_view message, std::string_view type) {
  return message.contains(R"("type":")" + std::string(type) + '"');
}

TEST(Cluster, NodesFindOneAnother) {
  ClusterBench bench(3);
  EXPECT_EQ(bench.Others(0), (Uids{"n1", "n2"}));
  EXPECT_EQ(bench.Others(2), (Uids{"n0", "n1"}));
  EXPECT_EQ(bench[0].metrics.nodes.value(), 3);

  bench.Add().cluster->Start();
  bench.Turns();
  EXPECT_EQ(bench.Others(3), (Uids{"n0", "n1", "n2"}))
      << "a new one knows the others without waiting for them";
  EXPECT_EQ(bench.Others(0), (Uids{"n1", "n2", "n3"}));
}

TEST(Cluster, HeartbeatsKeepNodesLive) {
  ClusterBench bench(3);
  const std::uint64_t before = bench[0].metrics.messages_in.value();
  bench.Advance(Seconds(30));
  EXPECT_EQ(bench.Others(0), (Uids{"n1", "n2"}));
  // Ten each from three nodes, itself among them; one more or less by where the seconds begin.
  EXPECT_NEAR(static_cast<double>(bench[0].metrics.messages_in.value() - before), 30, 6);
}

TEST(Cluster, ASilentNodeIsGoneAfterTenSeconds) {
  ClusterBench bench(3);
  bench[2].End();
  bench.Advance(Seconds(6));
  EXPECT_EQ(bench[0].metrics.nodes.value(), 3);
  bench.Advance(Seconds(5));
  EXPECT_EQ(bench.Others(0), Uids{"n1"});
  EXPECT_EQ(bench[0].metrics.nodes.value(), 2);
  EXPECT_EQ(bench[1].metrics.nodes.value(), 2);
}

TEST(Cluster, ANodeThatSaysSoIsGoneAtOnce) {
  ClusterBench bench(3);
  EXPECT_TRUE(bench.Await(bench[2].cluster->Leave()).result->has_value());
  EXPECT_EQ(bench.Others(0), Uids{"n1"});
  EXPECT_EQ(bench[1].metrics.nodes.value(), 2);
  bench.Advance(Seconds(30));
  EXPECT_EQ(bench[0].metrics.nodes.value(), 2) << "and does not come back";
}

TEST(Cluster, ACommandIsDoneWhenAllHaveAcknowledgedIt) {
  ClusterBench bench(3);
  bench[2].directory.busy = Milliseconds(200);
  const auto done = bench.Await(bench[0].cluster->Run(Revoke()));
  EXPECT_EQ(done.result, Result<void>());
  EXPECT_GE(done.took, Milliseconds(200)) << "the slowest has acted";
  EXPECT_LT(done.took, Milliseconds(300));
  EXPECT_EQ(bench[0].directory.done, Lines{}) << "the asking node does its own part itself";
  EXPECT_EQ(bench[1].directory.done, Lines{"disconnect u 3503"});
  EXPECT_EQ(bench[2].directory.done, Lines{"disconnect u 3503"});
  EXPECT_EQ(bench[0].metrics.waiting.value(), 0);
}

TEST(Cluster, EveryActionReachesTheOtherNodes) {
  ClusterBench bench(2);
  const control::Target target{.user = "u"};
  for (const control::Action& action :
       std::vector<control::Action>{control::Unsubscribe{"a"}, control::Subscribe{.channel = "b"},
                                    control::Refresh{.expired = true}}) {
    EXPECT_EQ(bench.Await(bench[0].cluster->Run({.target = target, .action = action})).result,
              Result<void>());
  }
  EXPECT_EQ(bench[1].directory.done, (Lines{"unsubscribe u a", "subscribe u b", "refresh u expired"}));
}

TEST(Cluster, AFailureElsewhereNamesItsNode) {
  ClusterBench bench(3);
  bench[1].directory.answer = Fail(Errc::kLimitExceeded, "client.channel_limit reached");
  const auto done = bench.Await(bench[0].cluster->Run(Revoke()));
  ASSERT_FALSE(*done.result);
  EXPECT_EQ(done.result->error(),
            (Error{Errc::kLimitExceeded, "name of n1 (n1): client.channel_limit reached"}));
}

TEST(Cluster, ADeadNodeIsNamedAfterOneSecondAndTheOthersHaveActed) {
  ClusterBench bench(3);
  bench[2].End();
  const auto done = bench.Await(bench[0].cluster->Run(Revoke()));
  ASSERT_FALSE(*done.result);
  EXPECT_EQ(done.result->error(), (Error{Errc::kTimeout, "not acknowledged by name of n2 (n2)"}));
  EXPECT_LE(done.took, Milliseconds(1050));
  EXPECT_EQ(bench[1].directory.done, Lines{"disconnect u 3503"}) << "once, though it was sent again to n2";
  EXPECT_EQ(bench[0].metrics.command_timeouts.value(), 1u);

  bench.Advance(Seconds(12));
  EXPECT_EQ(bench.Await(bench[0].cluster->Run(Revoke())).result, Result<void>()) << "nobody waits for it now";
}

TEST(Cluster, WhoLeavesIsNotWaitedFor) {
  ClusterBench bench(3);
  bench[2].directory.busy = Seconds(5);
  const auto pending = bench.Begin(bench[0].cluster->Run(Revoke()));
  EXPECT_FALSE(pending->result);
  const auto leaving = bench.Begin(bench[2].cluster->Leave());
  bench.Turns();
  ASSERT_TRUE(pending->result);
  EXPECT_EQ(pending->result, Result<void>());
}

TEST(Cluster, AMessageThatComesTwiceActsOnce) {
  ClusterBench bench(3);
  bench.network.DeliverTwice();
  bench[2].directory.busy = Milliseconds(100);
  EXPECT_EQ(bench.Await(bench[0].cluster->Run(Revoke())).result, Result<void>());
  bench.Advance(Seconds(1));
  EXPECT_EQ(bench[1].directory.done, Lines{"disconnect u 3503"});
  EXPECT_EQ(bench[2].directory.done, Lines{"disconnect u 3503"});
  EXPECT_EQ(bench.Await(bench[0].cluster->Run(Revoke())).result, Result<void>());
  EXPECT_EQ(bench[1].directory.done.size(), 2u) << "another command is another command";
}

TEST(Cluster, ALostCommandIsSentAgain) {
  ClusterBench bench(3);
  int lost = 0;
  bench.network.LoseIf([&lost](const NodeId& to, std::string_view message) {
    return to == NodeId("n1") && IsOf(message, "disconnect") && lost++ == 0;
  });
  const auto done = bench.Await(bench[0].cluster->Run(Revoke()));
  EXPECT_EQ(done.result, Result<void>());
  EXPECT_GE(done.took, Commands::kResendAfter);
  EXPECT_EQ(bench[1].directory.done, Lines{"disconnect u 3503"});
  EXPECT_EQ(bench[2].directory.done, Lines{"disconnect u 3503"});
}

TEST(Cluster, ALostAcknowledgementIsSentAgainAndTheCommandIsNot) {
  ClusterBench bench(3);
  int lost = 0;
  bench.network.LoseIf(
      [&lost](const NodeId&, std::string_view message) { return IsOf(message, "ack") && lost++ == 0; });
  EXPECT_EQ(bench.Await(bench[0].cluster->Run(Revoke())).result, Result<void>());
  EXPECT_EQ(bench[1].directory.done, Lines{"disconnect u 3503"});
  EXPECT_EQ(bench[2].directory.done, Lines{"disconnect u 3503"});
}

TEST(Cluster, ALateAcknowledgementIsDropped) {
  ClusterBench bench(2);
  bench.network.Delay(NodeId("n0"), Milliseconds(1500));
  const auto done = bench.Await(bench[0].cluster->Run(Revoke()));
  EXPECT_EQ(done.result->error().code, Errc::kTimeout);
  bench.Advance(Seconds(3));
  EXPECT_EQ(bench[0].metrics.waiting.value(), 0);
}

TEST(Cluster, TellingWaitsForNobody) {
  ClusterBench bench(3);
  bench[2].End();
  bench[0].cluster->SendUnacknowledged(Revoke());
  bench.Turns();
  EXPECT_EQ(bench[1].directory.done, Lines{"disconnect u 3503"});
  EXPECT_EQ(bench[0].metrics.waiting.value(), 0);
}

// Sends commands to n1, which is dead and so never answers; gives what became of them.
class Flood {
 public:
  Flood(ClusterBench& bench, std::size_t commands) {
    for (std::size_t n = 0; n < commands; ++n) scope_.Spawn(One(*bench[0].cluster, *this));
  }
  std::size_t refused = 0;

 private:
  static Task<void> One(Cluster& cluster, Flood& flood) {
    Command command{.target = {.user = "", .session = "0000d1a4-8a52-4b0c-8e6f-3f1f0a1b2c3d", .node = "n1"},
                    .action = control::Deliver{"{}"}};
    const auto done = co_await cluster.RunOn(NodeId("n1"), std::move(command));
    if (!done && done.error().code == Errc::kLimitExceeded) ++flood.refused;
  }
  TaskScope scope_;
};

TEST(Cluster, FramesOfClientsLeaveRoomForTheOperatorsCommands) {
  ClusterBench bench(3);
  bench[1].End();
  Flood flood(bench, ReplyRouter::kPendingMax);
  bench.Turns();
  EXPECT_GE(flood.refused, ReplyRouter::kPendingMax / 2);
  const auto revoked = bench.Await(bench[0].cluster->RunOn(NodeId("n2"), Revoke()));
  EXPECT_EQ(revoked.result, Result<void>());
  EXPECT_EQ(bench[2].directory.done, Lines{"disconnect u 3503"});
  bench.Advance(Seconds(2));
}

TEST(RecentCommands, FramesOfClientsLeaveRoomForTheOperatorsCommands) {
  RecentCommands recent;
  const MonotonicTime now{};
  std::uint64_t id = 0;
  while (recent.Take({NodeId("n1"), ++id}, now, Room::kHalf) == RecentCommands::Taken::kNew) continue;
  EXPECT_EQ(id - 1, RecentCommands::kCommandsMax / 2);
  EXPECT_EQ(recent.Take({NodeId("n1"), id}, now, Room::kWhole), RecentCommands::Taken::kNew);
}

TEST(Cluster, ACommandThatIsTooLongIsRefused) {
  ClusterBench bench(2);
  const Command command{
      .target = {.user = "u"},
      .action = control::Subscribe{.channel = "a", .data = std::string(kMessageBytesMax, 'x')}};
  EXPECT_EQ(bench.Await(bench[0].cluster->Run(command)).result->error().code, Errc::kLimitExceeded);
  EXPECT_EQ(bench[1].directory.done, Lines{});
}

TEST(Cluster, ANewNodeWaitsForItsIntroductionBeforeItSaysThatAllHaveActed) {
  ClusterBench bench(2);
  ClusterBench::Node& fresh = bench.Add();
  bench.network.Delay(fresh.id, Milliseconds(200));  // it hears of the others late
  fresh.cluster->Start();
  bench[1].End();
  const auto done = bench.Await(fresh.cluster->Run(Revoke()));
  EXPECT_EQ(*done.result, Result<void>()) << "only n0 has said that it is there";
  EXPECT_GE(done.took, Milliseconds(200));
  EXPECT_EQ(bench[0].directory.done, Lines{"disconnect u 3503"});
}

TEST(Cluster, WithoutTheBusCommandsAndSurveysFailAtOnce) {
  ClusterBench bench(3);
  bench.network.Disconnect(NodeId("n0"));
  const auto done = bench.Await(bench[0].cluster->Run(Revoke()));
  EXPECT_EQ(done.result->error().code, Errc::kUnavailable);
  EXPECT_EQ(done.took, Duration{});
  EXPECT_EQ(bench.Await(bench[0].cluster->ChannelsElsewhere("")).result->error().code, Errc::kUnavailable);
  EXPECT_EQ(bench.Await(bench[0].cluster->CountElsewhere("u")).result, 0u);
}

TEST(Cluster, WhoCannotHearDoesNotSayThatAllHaveActed) {
  ClusterBench bench(1);
  bench.network.Deafen(NodeId("n0"));
  EXPECT_EQ(bench.Await(bench[0].cluster->Run(Revoke())).result->error().code, Errc::kUnavailable);
  EXPECT_EQ(bench.Await(bench[0].cluster->ChannelsElsewhere("")).result->error().code, Errc::kUnavailable);
  bench.network.Reconnect(NodeId("n0"));
  EXPECT_EQ(bench.Await(bench[0].cluster->Run(Revoke())).result, Result<void>());
}

TEST(Cluster, WhoWasCutOffStillWaitsForNodesThatComeBackLater) {
  ClusterBench bench(2);
  for (const char* node : {"n0", "n1"}) bench.network.Disconnect(NodeId(node));
  bench.Advance(Seconds(60));
  bench.network.Reconnect(NodeId("n0"));
  const auto missed = bench.Await(bench[0].cluster->Run(Revoke()));
  EXPECT_EQ(missed.result->error(), (Error{Errc::kTimeout, "not acknowledged by name of n1 (n1)"}));
  bench.network.Reconnect(NodeId("n1"));
  bench.Advance(Seconds(1));
  EXPECT_EQ(bench.Await(bench[0].cluster->Run(Revoke())).result, Result<void>());
  EXPECT_EQ(bench[1].directory.done, Lines{"disconnect u 3503"});
}

TEST(Cluster, AProcessThatStoodStillForgetsNobody) {
  ClusterBench bench(3);
  bench.StandStill(Seconds(40));
  EXPECT_EQ(bench[0].metrics.nodes.value(), 3);
  bench.Advance(Seconds(5));
  EXPECT_EQ(bench.Others(0), (Uids{"n1", "n2"}));
}

TEST(Cluster, MergesNothingButCollectsTheChannelsOfOthers) {
  ClusterBench bench(3);
  bench[1].directory.channels = std::vector<broker::ChannelCount>{{"a", 1}, {"b", 2}};
  bench[2].directory.channels = std::vector<broker::ChannelCount>{{"b", 3}};
  const auto found = bench.Await(bench[0].cluster->ChannelsElsewhere("*"));
  ASSERT_TRUE(*found.result);
  EXPECT_EQ(**found.result, (std::vector<broker::ChannelCount>{{"a", 1}, {"b", 2}, {"b", 3}}));
  EXPECT_EQ(found.took, Duration{});
  EXPECT_EQ(bench[1].directory.patterns, Lines{"*"});
}

TEST(Cluster, ASurveyNamesWhoDoesNotAnswer) {
  ClusterBench bench(3);
  bench[2].End();
  const auto found = bench.Await(bench[0].cluster->ChannelsElsewhere(""));
  ASSERT_FALSE(*found.result);
  EXPECT_EQ(found.result->error(), (Error{Errc::kTimeout, "no answer from name of n2 (n2)"}));
  EXPECT_LE(found.took, Milliseconds(1050));
  EXPECT_EQ(bench[0].metrics.survey_timeouts.value(), 1u);
}

TEST(Cluster, ATruncatedAnswerIsNoAnswer) {
  ClusterBench bench(2);
  std::vector<broker::ChannelCount> many;
  for (int i = 0; i < 100'000; ++i) many.push_back({"channel-" + std::to_string(i), 1});
  bench[1].directory.channels = std::move(many);
  const auto found = bench.Await(bench[0].cluster->ChannelsElsewhere(""));
  ASSERT_FALSE(*found.result);
  EXPECT_EQ(found.result->error(), (Error{Errc::kLimitExceeded, "name of n1 (n1): too many channels"}));
}

TEST(Cluster, AnErrorInsteadOfAnAnswerIsPassedOn) {
  ClusterBench bench(2);
  bench[1].directory.channels = Fail(Errc::kInvalidArgument, "bad pattern");
  EXPECT_EQ(bench.Await(bench[0].cluster->ChannelsElsewhere("[")).result->error(),
            (Error{Errc::kInvalidArgument, "name of n1 (n1): bad pattern"}));
}

TEST(Cluster, OnlySoManyChannelSurveysRunAtATime) {
  ClusterBench bench(2);
  bench[1].End();
  std::vector<std::unique_ptr<ClusterBench::Pending<Result<std::vector<broker::ChannelCount>>>>> pending;
  for (std::size_t i = 0; i < Surveys::kChannelSurveysMax; ++i) {
    pending.push_back(bench.Begin(bench[0].cluster->ChannelsElsewhere("")));
  }
  const auto refused = bench.Await(bench[0].cluster->ChannelsElsewhere(""));
  EXPECT_EQ(refused.result->error().code, Errc::kLimitExceeded);
  EXPECT_EQ(refused.took, Duration{});
  EXPECT_EQ(bench[0].metrics.refused.value(), 1u);
  bench.Advance(Seconds(2));
  EXPECT_EQ(bench.Await(bench[0].cluster->ChannelsElsewhere("")).result->error().code, Errc::kTimeout);
}

TEST(Cluster, CountsAUserOnTheOthersAndWaitsForADeadOneOnlyOnce) {
  ClusterBench bench(3);
  bench[1].directory.sessions_of_user = 2;
  bench[2].directory.sessions_of_user = 3;
  EXPECT_EQ(bench.Await(bench[0].cluster->CountElsewhere("u")).result, 5u);
  bench[2].End();
  const auto first = bench.Await(bench[0].cluster->CountElsewhere("u"));
  EXPECT_EQ(first.result, 2u);
  EXPECT_LE(first.took, Milliseconds(Surveys::kCountDeadline.ms + 50));
  const auto second = bench.Await(bench[0].cluster->CountElsewhere("u"));
  EXPECT_EQ(second.result, 2u);
  EXPECT_EQ(second.took, Duration{});
}

TEST(Cluster, AnAnswerThatComesTwiceCountsOnce) {
  ClusterBench bench(3);
  bench[1].directory.sessions_of_user = 2;
  bench[2].directory.sessions_of_user = 3;
  bench.network.DeliverTwice();
  EXPECT_EQ(bench.Await(bench[0].cluster->CountElsewhere("u")).result, 5u);
}

TEST(Cluster, TellsWhatEachNodeCarriesNowOrDidLast) {
  ClusterBench bench(3);
  bench[1].directory.info.counts = {.clients = 5, .users = 4, .subscriptions = 3, .channels = 2};
  auto nodes = *bench.Await(bench[0].cluster->NodesElsewhere()).result;
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0], bench[1].directory.info);
  bench[1].End();
  nodes = *bench.Await(bench[0].cluster->NodesElsewhere()).result;
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].counts, bench[1].directory.info.counts);
}

TEST(Cluster, HeartbeatsCarryCountsThatAreNotOld) {
  ClusterBench bench(2);
  bench[1].directory.info.counts.clients = 9;
  bench.Advance(Milliseconds(Membership::kCountsAge.ms + Membership::kHeartbeat.ms + 2000));
  bench[1].End();
  const auto nodes = *bench.Await(bench[0].cluster->NodesElsewhere()).result;
  ASSERT_EQ(nodes.size(), 1u);
  EXPECT_EQ(nodes[0].counts.clients, 9u);
}

TEST(Cluster, CountsMalformedMessagesAndIgnoresUnknownOnes) {
  ClusterBench bench(2);
  const NodeId n0("n0");
  bench.network.Inject(n0, "not a message");
  bench.network.Inject(n0, R"({"v":1,"type":"ack","from":"n1","body":{"id":-1}})");
  EXPECT_EQ(bench[0].metrics.malformed.value(), 2u);
  bench.network.Inject(n0, R"({"v":1,"type":"new","from":"n1","body":{}})");
  bench.network.Inject(n0, R"({"v":1,"type":"ack","from":"stranger","body":{"id":1}})");
  bench.network.Inject(n0, R"({"v":1,"type":"left","from":"stranger","body":{}})");
  EXPECT_EQ(bench[0].metrics.malformed.value(), 2u);
  EXPECT_EQ(bench.Others(0), Uids{"n1"});
}

TEST(Cluster, ARefusedHelloIsSaidAgain) {
  ClusterBench bench(1);
  bench.Advance(Milliseconds(2800));  // n0 has just sent its heartbeat
  ClusterBench::Node& fresh = bench.Add();
  bench.network.Mute(fresh.id);
  fresh.cluster->Start();
  bench.network.Unmute(fresh.id);
  bench.Advance(Milliseconds(1100));
  EXPECT_EQ(fresh.metrics.nodes.value(), 2);
  EXPECT_EQ(bench[0].metrics.nodes.value(), 2);
}

}  // namespace
}  // namespace tidemill::cluster
