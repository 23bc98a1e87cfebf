#include "realtime/broker/testing/presence_contract.h"

#include <algorithm>
#include <string>

#include "net/next_turn.h"
#include "net/testing/slowdown.h"

namespace tidemill::broker::testing {

std::string PresenceContract::Name(const ParamInfo& info) { return info.param.name; }

Result<void> PresenceContract::Add(std::size_t loop, std::string channel, ClientInfo info) {
  return fixture_.Await<Result<void>>(
      loop, [&] { return fixture_.presence(loop).Add(ChannelName(channel), info); });
}

Result<void> PresenceContract::Remove(std::size_t loop, std::string channel, std::string client) {
  return fixture_.Await<Result<void>>(
      loop, [&] { return fixture_.presence(loop).Remove(ChannelName(channel), client); });
}

std::vector<ClientInfo> PresenceContract::Get(std::size_t loop, std::string channel) {
  const auto entries = fixture_.Await<Result<std::vector<ClientInfoPtr>>>(
      loop, [&] { return fixture_.presence(loop).Get(ChannelName(channel)); });
  if (!entries) return {ClientInfo{.user = "error", .client = "", .conn_info = "", .chan_info = ""}};
  std::vector<ClientInfo> all;
  for (const ClientInfoPtr& entry : *entries) all.push_back(*entry);
  std::ranges::sort(all, {}, &ClientInfo::client);
  return all;
}

PresenceStats PresenceContract::Stats(std::size_t loop, std::string channel) {
  const auto stats = fixture_.Await<Result<PresenceStats>>(
      loop, [&] { return fixture_.presence(loop).Stats(ChannelName(channel)); });
  EXPECT_TRUE(stats.has_value());
  return stats.value_or(PresenceStats{});
}

namespace {

ClientInfo Info(std::string user, std::string client) {
  return {.user = std::move(user), .client = std::move(client), .conn_info = "{\"n\":1}", .chan_info = "[]"};
}

}  // namespace

TEST_P(PresenceContract, EveryLoopSeesTheSameEntries) {
  const std::string channels[] = {"a", "b", "c", "d"};
  for (const std::string& channel : channels) {
    ASSERT_TRUE(Add(0, channel, Info("u1", "c1")));
    ASSERT_TRUE(Add(last(), channel, Info("u2", "c2")));
  }
  const std::vector<ClientInfo> both = {Info("u1", "c1"), Info("u2", "c2")};
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    for (const std::string& channel : channels) EXPECT_EQ(Get(i, channel), both) << i << channel;
  }
}

TEST_P(PresenceContract, AddAgainReplacesTheClientsEntry) {
  ASSERT_TRUE(Add(0, "a", Info("u1", "c1")));
  ClientInfo changed = Info("u2", "c1");
  changed.conn_info = "{\"n\":2}";
  ASSERT_TRUE(Add(last(), "a", changed));
  EXPECT_EQ(Get(0, "a"), std::vector{changed});
  EXPECT_EQ(Stats(0, "a").clients, 1u);
  EXPECT_EQ(Stats(0, "a").users, 1u);
}

TEST_P(PresenceContract, StatsCountClientsAndDistinctUsers) {
  EXPECT_EQ(Stats(0, "a").clients, 0u);
  ASSERT_TRUE(Add(0, "a", Info("u1", "c1")));
  ASSERT_TRUE(Add(0, "a", Info("u1", "c2")));
  ASSERT_TRUE(Add(last(), "a", Info("", "c3")));
  ASSERT_TRUE(Add(last(), "a", Info("", "c4")));
  EXPECT_EQ(Stats(0, "a").clients, 4u);
  EXPECT_EQ(Stats(0, "a").users, 2u);
  ASSERT_TRUE(Remove(last(), "a", "c1"));
  EXPECT_EQ(Stats(0, "a").users, 2u) << "u1 still has c2";
  ASSERT_TRUE(Remove(last(), "a", "c2"));
  EXPECT_EQ(Stats(0, "a").clients, 2u);
  EXPECT_EQ(Stats(0, "a").users, 1u);
}

TEST_P(PresenceContract, RemoveOfAnUnknownClientChangesNothing) {
  EXPECT_TRUE(Remove(0, "nobody", "c1"));
  ASSERT_TRUE(Add(0, "a", Info("u1", "c1")));
  EXPECT_TRUE(Remove(last(), "a", "c2"));
  EXPECT_EQ(Get(0, "a").size(), 1u);
  EXPECT_TRUE(Remove(0, "a", "c1"));
  EXPECT_TRUE(Get(0, "a").empty());
}

TEST_P(PresenceContract, ChannelsAreApart) {
  ASSERT_TRUE(Add(0, "a", Info("u1", "c1")));
  EXPECT_TRUE(Get(0, "b").empty());
  EXPECT_TRUE(Remove(0, "b", "c1"));
  EXPECT_EQ(Get(0, "a").size(), 1u);
}

TEST_P(PresenceContract, ThousandsOfEntriesAreReadInShortTurns) {
  constexpr std::size_t kClients = 3000;
  const auto add = [](PresenceStore& presence, net::Loop& loop) -> Task<Result<void>> {
    for (std::size_t i = 0; i < kClients; ++i) {
      TM_CO_TRY(co_await presence.Add(ChannelName("a"), Info("user", "c" + std::to_string(i))));
      if (loop.ShareSpent()) co_await net::NextTurn(loop);
    }
    co_return Result<void>();
  };
  ASSERT_TRUE(fixture_.Await<Result<void>>(0, [&] { return add(fixture_.presence(0), fixture_.loop(0)); }));
  for (std::size_t i = 0; i < fixture_.size(); ++i) EXPECT_EQ(Get(i, "a").size(), kClients) << i;
  fixture_.Settle();
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    EXPECT_LT(fixture_.loop(i).meter().longest_cpu(), net::TurnMeter::kLong * net::testing::kSlowdown) << i;
  }
}

}  // namespace tidemill::broker::testing
