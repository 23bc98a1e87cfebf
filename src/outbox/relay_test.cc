#include "outbox/relay.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "net/next_turn.h"
#include "outbox/testing/fixture.h"
#include "outbox/testing/watched_store.h"

namespace tidemill::outbox {
namespace {

using net::testing::DriveUntil;
using testing::Param;
using testing::WatchedStore;
using Data = std::vector<std::string>;

class FakeSink final : public Sink {
 public:
  explicit FakeSink(net::Loop& loop) : loop_(loop) {}
  std::string_view name() const override { return "channel"; }
  Task<Delivery> Send(const Entry& entry) override {
    const std::string lane = LaneOf(entry);
    EXPECT_TRUE(under_way_.insert(lane).second) << "one at a time for each lane";
    do co_await net::NextTurn(loop_);
    while (stands_still);
    under_way_.erase(lane);
    Delivery delivery = answer(entry);
    if (delivery.result == Delivery::Result::kSent) sent.push_back(entry);
    co_return delivery;
  }
  Data DataOf(std::string_view target) const {
    Data data;
    for (const Entry& entry : sent) {
      if (entry.target == target) data.push_back(entry.data);
    }
    return data;
  }

  std::function<Delivery(const Entry&)> answer = [](const Entry&) { return Delivery{}; };
  std::vector<Entry> sent;
  bool stands_still = false;
  std::size_t under_way() const { return under_way_.size(); }

 private:
  net::Loop& loop_;
  std::set<std::string> under_way_;
};

Delivery Refused() { return {.result = Delivery::Result::kRefused, .why = "it is poison"}; }
Delivery Failed() { return {.result = Delivery::Result::kFailed, .why = "away"}; }

class RelayTest : public testing::OutboxTest {
 protected:
  void Start(RelayOptions options = {}) {
    if (options.interval == RelayOptions().interval) options.interval = Milliseconds(20);
    options.retry_pause_max = Milliseconds(100);
    relay_ = std::make_unique<Relay>(loop(), watched, std::vector<Sink*>{&sink}, options, metrics_);
    relay_->Start();
  }
  void Stop() {
    relay_->Stop();
    EXPECT_TRUE(DriveUntil(loop(), [&] { return relay_->ended(); }));
  }
  bool Until(const std::function<bool()>& done) { return DriveUntil(loop(), done); }
  bool UntilEmpty() {
    return Until([&] { return Waiting().empty(); });
  }
  // Many at once, so that one look finds them.
  void PublishMany(int count) {
    const std::string numbers = fmt::format(
        "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < {}) ", count);
    EXPECT_TRUE(Run(backend().is_postgres()
                        ? numbers + "select tidemill.publish('a', to_jsonb(n)) from numbers"
                        : numbers + "insert into tidemill_outbox (target, data) select 'a', n from numbers"));
  }
  std::string Table(const std::string& name) { return backend().is_postgres() ? "tidemill." + name : name; }
  std::size_t ParkedCount() { return Must(store().ListParked(0, 100)).size(); }
  std::string Metric() const { return registry_.Text(); }

  FakeSink sink{loop()};
  WatchedStore watched{loop(), store()};
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<Relay> relay_;
};

INSTANTIATE_TEST_SUITE_P(All, RelayTest, ::testing::ValuesIn(testing::Backends()),
                         [](const ::testing::TestParamInfo<Param>& info) { return info.param.name; });

TEST_P(RelayTest, SendsWhatIsCommittedInOrderAndEachOnce) {
  Start();
  for (int i = 0; i < 30; ++i) Publish(i % 3 == 0 ? "a" : "b", std::to_string(i));
  ASSERT_TRUE(UntilEmpty());
  Data a;
  Data b;
  for (int i = 0; i < 30; ++i) (i % 3 == 0 ? a : b).push_back(std::to_string(i));
  EXPECT_EQ(sink.DataOf("a"), a);
  EXPECT_EQ(sink.DataOf("b"), b);
  Stop();
  EXPECT_NE(Metric().find("tidemill_outbox_sent_total{sink=\"channel\"} 30\n"), std::string::npos)
      << Metric();
}

TEST_P(RelayTest, RolledBackNothingLeaves) {
  Start();
  auto transaction = Begin();
  PublishIn(*transaction, "a", "1");
  RollBack(*transaction);
  transaction.reset();
  Publish("a", "2");
  ASSERT_TRUE(Until([&] { return !sink.sent.empty(); }));
  EXPECT_EQ(sink.DataOf("a"), Data{"2"});
  Stop();
}

// What is committed first leaves first, whatever its id, and what is committed later with a lower id as well.
TEST_P(RelayTest, ALowerIdThatIsCommittedLaterFollows) {
  if (!backend().is_postgres()) return;
  Start();
  auto early = Begin();
  PublishIn(*early, "a", "\"committed second\"");
  Publish("a", "\"committed first\"");
  ASSERT_TRUE(Until([&] { return !sink.sent.empty(); }));
  ASSERT_TRUE(Await(early->Commit()));
  ASSERT_TRUE(Until([&] { return sink.sent.size() == 2; }));
  EXPECT_EQ(sink.DataOf("a"), (Data{"\"committed first\"", "\"committed second\""}));
  Stop();
}

TEST_P(RelayTest, APoisonedEntryIsParkedAndItsLaneGoesOn) {
  sink.answer = [](const Entry& entry) { return entry.data == "2" ? Refused() : Delivery{}; };
  Start();
  for (const char* data : {"1", "2", "3"}) Publish("a", data);
  Publish("b", "4");
  ASSERT_TRUE(UntilEmpty());
  EXPECT_EQ(sink.DataOf("a"), (Data{"1", "3"}));
  EXPECT_EQ(sink.DataOf("b"), Data{"4"});
  const std::vector<Parked> parked = Must(store().ListParked(0, 10));
  ASSERT_EQ(parked.size(), 1u);
  EXPECT_EQ(parked[0].entry.data, "2");
  EXPECT_EQ(parked[0].reason, "it is poison");
  Stop();
}

TEST_P(RelayTest, WhileALaneFailsOthersGoOnAndItsOrderIsKept) {
  bool away = true;
  sink.answer = [&](const Entry& entry) { return away && entry.target == "a" ? Failed() : Delivery{}; };
  Start();
  for (const char* data : {"1", "2", "3"}) Publish("a", data);
  Publish("b", "4");
  ASSERT_TRUE(Until([&] { return !sink.sent.empty(); }));
  EXPECT_EQ(sink.DataOf("b"), Data{"4"});
  ASSERT_EQ(relay_->held().all().size(), 1u);
  EXPECT_EQ(relay_->held().all().begin()->second.why, "away");
  away = false;
  relay_->HurryUp();
  ASSERT_TRUE(UntilEmpty());
  EXPECT_EQ(sink.DataOf("a"), (Data{"1", "2", "3"}));
  EXPECT_TRUE(relay_->held().all().empty());
  Stop();
}

TEST_P(RelayTest, AnEntryThatFailsWhileOthersLeaveIsParkedInTheEnd) {
  sink.answer = [&](const Entry& entry) { return entry.data == "1" ? Failed() : Delivery{}; };
  Start({.attempts_max = 2});
  Publish("a", "1");
  Publish("a", "2");
  ASSERT_TRUE(Until([&] {
    if (Waiting().size() < 10) Publish("b", "0");
    return Must(store().ListParked(0, 10)).size() == 1;
  }));
  EXPECT_EQ(Must(store().ListParked(0, 10))[0].reason, "after 3 attempts: away");
  ASSERT_TRUE(UntilEmpty());
  EXPECT_EQ(sink.DataOf("a"), Data{"2"});
  Stop();
}

TEST_P(RelayTest, NothingIsParkedAboveTheMost) {
  sink.answer = [&](const Entry& entry) { return entry.target == "poison" ? Refused() : Delivery{}; };
  Start({.parked_max = 1});
  Publish("poison", "1");
  Publish("poison", "2");
  Publish("b", "3");
  ASSERT_TRUE(Until([&] { return relay_->held().all().size() == 1 && Waiting() == Data{"2"}; }));
  EXPECT_EQ(ParkedCount(), 1u);
  EXPECT_EQ(relay_->held().all().begin()->second.why,
            "it is poison; and outbox.parked_max entries are parked already");
  Stop();
  Start({.parked_max = 1});
  ASSERT_TRUE(Until([&] { return relay_->held().all().size() == 1; })) << "another node knows it too";
  EXPECT_EQ(ParkedCount(), 1u);
  Stop();
}

TEST_P(RelayTest, WhatWasParkedWithoutAnAnswerCounts) {
  sink.answer = [&](const Entry&) { return Refused(); };
  watched.finish_answers_lost = 1;
  Start({.parked_max = 1});
  Publish("poison", "1");
  ASSERT_TRUE(Until([&] { return ParkedCount() == 1; }));
  Publish("poison", "2");
  ASSERT_TRUE(Until([&] { return ParkedCount() > 1 || relay_->held().all().size() == 1; }));
  EXPECT_EQ(ParkedCount(), 1u);
  Stop();
}

TEST_P(RelayTest, ALeaseLastsFromWhenItWasAskedFor) {
  watched.acquire_takes = Milliseconds(150);
  Start({.lease = Milliseconds(300)});
  ASSERT_TRUE(Until([&] { return watched.Saw("finish"); }));
  EXPECT_EQ(watched.calls, (Data{"acquire", "measure", "load", "finish"})) << "a third of it was over";
  Stop();
}

TEST_P(RelayTest, WhatFailsIsNotTriedEarlierBecauseSomethingIsThere) {
  const auto count_in_half_a_second = [&](std::string_view call) {
    const MonotonicTime until = loop().clock().Now() + Milliseconds(500);
    EXPECT_TRUE(Until([&] {
      relay_->LookNow();
      return loop().clock().Now() >= until;
    }));
    return std::ranges::count(watched.calls, call);
  };
  watched.load_fails = Errc::kUnavailable;
  Start({.lease = Seconds(60)});
  EXPECT_LE(count_in_half_a_second("load"), 4);
  Stop();
  watched.calls.clear();
  watched.acquire_fails = Errc::kPermissionDenied;
  Start({.lease = Seconds(60)});
  EXPECT_EQ(count_in_half_a_second("acquire"), 1) << "another node relays";
  Stop();
}

TEST_P(RelayTest, ALaneWhoseEntryIsGoneIsLetGo) {
  sink.answer = [](const Entry&) { return Failed(); };
  Start();
  Publish("a", "1");
  ASSERT_TRUE(Until([&] { return relay_->held().all().size() == 1; }));
  ASSERT_TRUE(Run("delete from " + Table("tidemill_outbox")));
  EXPECT_TRUE(Until([&] { return relay_->held().all().empty(); }));
  Stop();
}

TEST_P(RelayTest, AnEntryForASinkThatIsNotThereIsParked) {
  ASSERT_TRUE(
      Run("insert into " + Table("tidemill_outbox") + " (sink, target, data) values ('pigeon', 'a', '1')"));
  Start();
  ASSERT_TRUE(UntilEmpty());
  EXPECT_EQ(Must(store().ListParked(0, 10))[0].reason, "there is no sink pigeon");
  Stop();
}

TEST_P(RelayTest, TheOutboxIsFullUntilSomeHaveLeft) {
  sink.answer = [](const Entry&) { return Failed(); };
  const std::string owner = Table("tidemill_outbox_owner");
  const auto is_full = [&] { return !Run("select 1 from " + owner + " where is_full = true")->rows.empty(); };
  Start({.depth_max = 3});
  for (const char* data : {"1", "2", "3", "4"}) Publish("a", data);
  ASSERT_TRUE(Until(is_full));
  EXPECT_FALSE(Run(backend().PublishSql("a", "5")));
  Must(store().Retry({}));  // lets everything in
  ASSERT_TRUE(Until(is_full)) << "it is told again";
  sink.answer = [](const Entry&) { return Delivery{}; };
  relay_->HurryUp();
  ASSERT_TRUE(Until([&] { return Run(backend().PublishSql("a", "\"again\"")).has_value(); }));
  Stop();
}

TEST_P(RelayTest, AnotherNodeTakesOverWhenOneHasStopped) {
  Start();
  ASSERT_TRUE(Until([&] { return relay_->relays(); }));
  const auto other_store = backend().Open();
  FakeSink other_sink(loop());
  metrics::Registry registry;
  Metrics metrics(registry);
  Relay other(loop(), *other_store, {&other_sink}, {.node = "other", .lease = Seconds(4)}, metrics);
  other.Start();
  Stop();
  ASSERT_TRUE(Until([&] { return other.relays(); }));
  Publish("a", "1");
  ASSERT_TRUE(Until([&] { return !other_sink.sent.empty(); }));
  EXPECT_TRUE(sink.sent.empty());
  other.Stop();
  EXPECT_TRUE(Until([&] { return other.ended(); }));
}

TEST_P(RelayTest, WhenSomebodyHearsItPublishersRingOnlyWhileItSleeps) {
  if (!backend().is_postgres()) return;
  const auto asleep = [&] {
    return Run("select asleep from tidemill.tidemill_outbox_owner")->rows[0][0].text == "t";
  };
  Start();
  ASSERT_TRUE(Until([&] { return relay_->relays(); }));
  EXPECT_FALSE(asleep());
  relay_->Hear(true);
  ASSERT_TRUE(Until(asleep));
  ASSERT_TRUE(Until([&] {
    PublishMany(2 * Relay::kBusyEntries);
    return !asleep();
  })) << "while entries come nobody rings";
  ASSERT_TRUE(Until(asleep));
  relay_->Hear(false);
  ASSERT_TRUE(Until([&] { return !asleep(); }));
  Stop();
}

TEST_P(RelayTest, NobodyRingsForARelayThatWorksForLong) {
  Start();
  relay_->Hear(true);
  ASSERT_TRUE(Until([&] { return watched.rings == std::vector<bool>{true}; }));
  sink.stands_still = true;
  PublishMany(2 * Relay::kBusyEntries);
  ASSERT_TRUE(Until([&] { return sink.under_way() == 1; }));
  EXPECT_EQ(watched.rings, (std::vector<bool>{true, false})) << "before it begins to send";
  PublishMany(2 * Relay::kBusyEntries);
  const MonotonicTime until = loop().clock().Now() + Relay::kBusyFor + Milliseconds(100);
  ASSERT_TRUE(Until([&] { return loop().clock().Now() > until; }));
  watched.calls.clear();
  sink.stands_still = false;
  ASSERT_TRUE(Until([&] { return watched.Saw("load"); }));
  EXPECT_EQ(watched.rings, (std::vector<bool>{true, false}));
  ASSERT_TRUE(Until([&] { return watched.rings.back(); }));
  Stop();
}

}  // namespace
}  // namespace tidemill::outbox
