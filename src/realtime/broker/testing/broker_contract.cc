#include "realtime/broker/testing/broker_contract.h"

#include <algorithm>
#include <cctype>

namespace tidemill::broker::testing {

std::string BrokerContract::Name(const ParamInfo& info) { return info.param.name; }

std::string BrokerInLineContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

constexpr StreamSettings kStream{.size = 5, .ttl = Seconds(60), .meta_ttl = Seconds(600)};

using Lines = std::vector<std::string>;

PublishOptions Keep(StreamSettings stream = kStream) {
  PublishOptions options;
  options.stream = stream;
  return options;
}

PublishOptions WithKey(std::string key, StreamSettings stream = kStream) {
  PublishOptions options = Keep(stream);
  options.idempotency_key = std::move(key);
  return options;
}

PublishOptions WithVersion(std::uint64_t version, std::string epoch) {
  PublishOptions options = Keep();
  options.version = version;
  options.version_epoch = std::move(epoch);
  return options;
}

SubscribeOptions Recover(StreamPosition position, std::uint32_t limit = 300,
                         RecoveryMode mode = RecoveryMode::kStream) {
  return {.stream = kStream, .recover = std::move(position), .mode = mode, .recovery_limit = limit};
}

std::vector<std::uint64_t> Offsets(const std::vector<PublicationPtr>& publications) {
  std::vector<std::uint64_t> offsets;
  for (const PublicationPtr& publication : publications) offsets.push_back(publication->offset);
  return offsets;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_P(BrokerContract, WithoutAStreamThereIsNoPosition) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  const auto outcome = fixture_.Publish(last(), "a", "{}");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->position, StreamPosition{});
  EXPECT_FALSE(outcome->suppressed);
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a pub 0 {}"}));
  const auto history = fixture_.History(0, "a", {.since = {}, .limit = -1}, {});
  ASSERT_TRUE(history);
  EXPECT_TRUE(history->publications.empty());
  EXPECT_EQ(history->top, StreamPosition{});
}

TEST_P(BrokerContract, OffsetsCountFromOneInOneEpochWhoeverPublishes) {
  std::string epoch;
  for (std::uint64_t n = 1; n <= 9; ++n) {
    const auto outcome = fixture_.Publish(n % fixture_.size(), "a", "{}", Keep());
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->position.offset, n);
    if (n == 1) epoch = outcome->position.epoch;
    EXPECT_EQ(outcome->position.epoch, epoch);
  }
  EXPECT_EQ(epoch.size(), 8u);
  EXPECT_TRUE(std::ranges::all_of(epoch, [](unsigned char c) { return std::isalpha(c); })) << epoch;
}

TEST_P(BrokerContract, OnlySubscribedLoopsGetEvents) {
  ASSERT_TRUE(fixture_.Subscribe(last(), "a"));
  ASSERT_TRUE(fixture_.Publish(0, "a", "1"));
  ASSERT_TRUE(fixture_.Publish(0, "b", "2"));
  EXPECT_EQ(fixture_.TakeLines(last()), (Lines{"a pub 0 1"}));
  if (fixture_.size() > 1) {
    EXPECT_EQ(fixture_.TakeLines(0), Lines{});
  }
}

TEST_P(BrokerContract, ALoopGetsEachEventOnceHoweverManySubscriptionsItHas) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  ASSERT_TRUE(fixture_.Publish(0, "a", "1"));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a pub 0 1"}));
  fixture_.Unsubscribe(0, "a");
  ASSERT_TRUE(fixture_.Publish(0, "a", "2"));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a pub 0 2"}));
  fixture_.Unsubscribe(0, "a");
  ASSERT_TRUE(fixture_.Publish(0, "a", "3"));
  EXPECT_EQ(fixture_.TakeLines(0), Lines{});
}

TEST_P(BrokerContract, AllOfAPublicationTravels) {
  ASSERT_TRUE(fixture_.Subscribe(last(), "a"));
  Publication sent;
  sent.data = "{\"x\":1}";
  sent.info = ClientInfo{.user = "u", .client = "c", .conn_info = "1", .chan_info = "2"};
  sent.tags = {{"k", "v"}, {"l", "w"}};
  const auto outcome = fixture_.Await<Result<PublishOutcome>>(
      0, [&] { return fixture_.broker(0).Publish(ChannelName("a"), sent, Keep()); });
  ASSERT_TRUE(outcome);
  fixture_.Settle();
  const auto history = fixture_.History(0, "a", {.since = {}, .limit = -1}, kStream);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->publications.size(), 1u);
  sent.offset = 1;
  EXPECT_EQ(*history->publications[0], sent);
  sent.epoch = outcome->position.epoch;
  ASSERT_EQ(fixture_.recorder(last()).publications.size(), 1u);
  EXPECT_EQ(*fixture_.recorder(last()).publications[0], sent);
}

TEST_P(BrokerContract, OnlyTheFirstLivePublicationNamesTheEpoch) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a", {.stream = kStream}));
  const auto first = fixture_.Publish(0, "a", "1", Keep());
  ASSERT_TRUE(first && fixture_.Publish(0, "a", "2", Keep()));
  fixture_.Settle();
  const auto& live = fixture_.recorder(0).publications;
  ASSERT_EQ(live.size(), 2u);
  EXPECT_EQ(live[0]->epoch, first->position.epoch);
  EXPECT_EQ(live[1]->epoch, "");
}

TEST_P(BrokerInLineContract, EventsComeBeforeTheAnswerOfTheirPublish) {
  const std::string channels[] = {"a", "b", "c", "d", "e"};
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    for (const std::string& channel : channels) {
      ASSERT_TRUE(fixture_.Subscribe(i, channel));
      fixture_.TakeLines(i);
      const auto lines = fixture_.Await<Lines>(i, [&] {
        return [](BrokerFixture& fixture, std::size_t loop, ChannelName name) -> Task<Lines> {
          Publication publication;
          publication.data = "1";
          co_await fixture.broker(loop).Publish(name, std::move(publication), {});
          co_return fixture.recorder(loop).lines;
        }(fixture_, i, ChannelName(channel));
      });
      EXPECT_EQ(lines, (Lines{channel + " pub 0 1"})) << i;
    }
  }
}

TEST_P(BrokerContract, JoinsAndLeavesComeInLineWithPublications) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  const ClientInfo info{.user = "u", .client = "c1", .conn_info = "", .chan_info = ""};
  auto& broker = fixture_.broker(last());
  ASSERT_TRUE(
      fixture_.Await<Result<void>>(last(), [&] { return broker.PublishJoin(ChannelName("a"), info); }));
  ASSERT_TRUE(fixture_.Publish(last(), "a", "1"));
  ASSERT_TRUE(
      fixture_.Await<Result<void>>(last(), [&] { return broker.PublishLeave(ChannelName("a"), info); }));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a join c1", "a pub 0 1", "a leave c1"}));
}

// Answers each publication "ask" by publishing "told" from inside the handler.
class Teller final : public BrokerEvents {
 public:
  Teller(BrokerFixture& fixture, std::size_t loop) : fixture_(fixture), loop_(loop) {}
  void OnPublication(const ChannelName& channel, const PublicationPtr& publication) override {
    EXPECT_FALSE(inside_) << "events are nested";
    inside_ = true;
    if (publication->data == "ask") fixture_.scope(loop_).Spawn(Tell(fixture_.broker(loop_), channel));
    inside_ = false;
  }
  void OnJoin(const ChannelName&, const ClientInfo&) override {}
  void OnLeave(const ChannelName&, const ClientInfo&) override {}
  void OnStreamLost(const ChannelName&) override {}

 private:
  static Task<void> Tell(Broker& broker, ChannelName channel) {
    Publication publication;
    publication.data = "told";
    co_await broker.Publish(channel, std::move(publication), {});
  }

  BrokerFixture& fixture_;
  const std::size_t loop_;
  bool inside_ = false;
};

TEST_P(BrokerContract, WhatAHandlerPublishesComesAfterItsEvent) {
  Teller teller(fixture_, last());
  fixture_.Run(last(), [&] { fixture_.recorder(last()).also = &teller; });
  for (const char* channel : {"a", "b", "c", "d"}) {
    ASSERT_TRUE(fixture_.Subscribe(last(), channel));
    ASSERT_TRUE(fixture_.Publish(0, channel, "ask"));
    const std::string name(channel);
    EXPECT_EQ(fixture_.TakeLines(last()), (Lines{name + " pub 0 ask", name + " pub 0 told"}));
  }
  fixture_.Run(last(), [&] { fixture_.recorder(last()).also = nullptr; });
}

TEST_P(BrokerContract, TheStreamKeepsTheNewest) {
  for (int n = 1; n <= 9; ++n) ASSERT_TRUE(fixture_.Publish(0, "a", std::to_string(n), Keep()));
  auto history = fixture_.History(last(), "a", {.since = {}, .limit = -1}, kStream);
  ASSERT_TRUE(history);
  EXPECT_EQ(Offsets(history->publications), (Numbers{5, 6, 7, 8, 9}));
  EXPECT_EQ(history->top.offset, 9u);

  StreamSettings smaller = kStream;
  smaller.size = 2;
  ASSERT_TRUE(fixture_.Publish(0, "a", "10", Keep(smaller)));
  history = fixture_.History(last(), "a", {.since = {}, .limit = -1}, kStream);
  ASSERT_TRUE(history);
  EXPECT_EQ(Offsets(history->publications), (Numbers{9, 10}));
}

TEST_P(BrokerContract, HistoryHoldsWhatWasAskedFor) {
  std::string epoch;
  for (int n = 1; n <= 7; ++n) {
    const auto outcome = fixture_.Publish(0, "a", std::to_string(n), Keep());
    ASSERT_TRUE(outcome);
    epoch = outcome->position.epoch;
  }
  struct Case {
    const char* name;
    HistoryQuery query;
    Numbers offsets;
  };
  const auto since = [&](std::uint64_t offset) { return StreamPosition{.offset = offset, .epoch = epoch}; };
  const Case cases[] = {
      {"only the top", {.since = {}, .limit = 0, .reverse = false}, {}},
      {"all", {.since = {}, .limit = -1, .reverse = false}, {3, 4, 5, 6, 7}},
      {"oldest two", {.since = {}, .limit = 2, .reverse = false}, {3, 4}},
      {"newest two", {.since = {}, .limit = 2, .reverse = true}, {7, 6}},
      {"all, newest first", {.since = {}, .limit = -1, .reverse = true}, {7, 6, 5, 4, 3}},
      {"after 4", {.since = since(4), .limit = -1, .reverse = false}, {5, 6, 7}},
      {"one after 4", {.since = since(4), .limit = 1, .reverse = false}, {5}},
      {"since of any epoch", {.since = StreamPosition{.offset = 6, .epoch = ""}, .limit = 9}, {7}},
      {"after the top", {.since = since(7), .limit = -1, .reverse = false}, {}},
      {"beyond the top", {.since = since(99), .limit = -1, .reverse = false}, {}},
      {"after what is gone", {.since = since(1), .limit = 2, .reverse = false}, {3, 4}},
      {"before 5, newest first", {.since = since(5), .limit = -1, .reverse = true}, {4, 3}},
      {"one before 5", {.since = since(5), .limit = 1, .reverse = true}, {4}},
      {"before the oldest", {.since = since(3), .limit = -1, .reverse = true}, {}},
      {"before beyond the top", {.since = since(99), .limit = 2, .reverse = true}, {7, 6}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto history = fixture_.History(last(), "a", c.query, kStream);
    ASSERT_TRUE(history);
    EXPECT_EQ(Offsets(history->publications), c.offsets);
    EXPECT_EQ(history->top, since(7));
  }
}

TEST_P(BrokerContract, HistorySinceAnotherEpochIsUnrecoverable) {
  ASSERT_TRUE(fixture_.Publish(0, "a", "1", Keep()));
  for (const std::int32_t limit : {0, 10}) {
    const auto history = fixture_.History(
        last(), "a", {.since = StreamPosition{.offset = 0, .epoch = "bad"}, .limit = limit}, kStream);
    ASSERT_FALSE(history);
    EXPECT_EQ(history.error().code, Errc::kUnrecoverablePosition);
  }
}

TEST_P(BrokerContract, ReadingMakesTheEpochThatPublishingThenUses) {
  const auto history = fixture_.History(0, "a", {}, kStream);
  const auto subscribed = fixture_.Subscribe(last(), "a", {.stream = kStream});
  const auto published = fixture_.Publish(0, "a", "1", Keep());
  ASSERT_TRUE(history && subscribed && published);
  EXPECT_EQ(history->top.offset, 0u);
  EXPECT_EQ(history->top.epoch.size(), 8u);
  EXPECT_EQ(subscribed->top, history->top);
  EXPECT_EQ(published->position, (StreamPosition{.offset = 1, .epoch = history->top.epoch}));
}

TEST_P(BrokerContract, RemoveHistoryForgetsPublicationsNotTheOffset) {
  ASSERT_TRUE(fixture_.RemoveHistory(0, "never used"));
  const auto before = fixture_.Publish(0, "a", "1", Keep());
  ASSERT_TRUE(before && fixture_.RemoveHistory(last(), "a"));
  const auto history = fixture_.History(0, "a", {.since = {}, .limit = -1}, kStream);
  ASSERT_TRUE(history);
  EXPECT_TRUE(history->publications.empty());
  EXPECT_EQ(history->top, before->position);
  const auto after = fixture_.Publish(0, "a", "2", Keep());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->position, (StreamPosition{.offset = 2, .epoch = before->position.epoch}));
}

TEST_P(BrokerContract, AnIdempotencyKeyGivesTheEarlierResult) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  const auto first = fixture_.Publish(0, "a", "1", WithKey("k"));
  const auto repeated = fixture_.Publish(last(), "a", "2", WithKey("k"));
  const auto other_key = fixture_.Publish(last(), "a", "3", WithKey("l"));
  const auto other_channel = fixture_.Publish(last(), "b", "4", WithKey("k"));
  ASSERT_TRUE(first && repeated && other_key && other_channel);
  EXPECT_EQ(repeated->position, first->position);
  EXPECT_FALSE(first->suppressed);
  EXPECT_TRUE(repeated->suppressed);
  EXPECT_EQ(other_key->position.offset, 2u);
  EXPECT_FALSE(other_channel->suppressed);
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a pub 1 1", "a pub 2 3"}));
}

TEST_P(BrokerContract, AnIdempotencyKeyWorksWithoutAStream) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  ASSERT_TRUE(fixture_.Publish(0, "a", "1", WithKey("k", {})));
  const auto repeated = fixture_.Publish(last(), "a", "2", WithKey("k", {}));
  ASSERT_TRUE(repeated);
  EXPECT_TRUE(repeated->suppressed);
  EXPECT_EQ(repeated->position, StreamPosition{});
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a pub 0 1"}));
}

TEST_P(BrokerContract, KeysThatAreTooLongAreRefused) {
  const std::string longest(kPublishKeyBytesMax, 'k');
  EXPECT_TRUE(fixture_.Publish(0, "a", "1", WithKey(longest)));
  const auto key = fixture_.Publish(0, "a", "1", WithKey(longest + "k"));
  const auto epoch = fixture_.Publish(0, "a", "1", WithVersion(1, longest + "e"));
  ASSERT_FALSE(key || epoch);
  EXPECT_EQ(key.error().code, Errc::kInvalidArgument);
  EXPECT_EQ(epoch.error().code, Errc::kInvalidArgument);
}

TEST_P(BrokerContract, AVersionThatIsNotHigherIsDropped) {
  struct Step {
    const char* name;
    std::uint64_t version;
    const char* epoch;
    bool suppressed;
    std::uint64_t offset;
  };
  const Step steps[] = {
      {"first", 5, "e", false, 1},
      {"equal", 5, "e", true, 1},
      {"lower", 4, "e", true, 1},
      {"higher", 6, "e", false, 2},
      {"any epoch, equal", 6, "", true, 2},
      {"other epoch begins anew", 1, "f", false, 3},
      {"no version", 0, "", false, 4},
      {"of the last epoch", 1, "f", true, 4},
      {"any epoch, higher", 2, "", false, 5},
  };
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  std::size_t delivered = 0;
  for (const Step& step : steps) {
    SCOPED_TRACE(step.name);
    const auto outcome = fixture_.Publish(last(), "a", "1", WithVersion(step.version, step.epoch));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->suppressed, step.suppressed);
    EXPECT_EQ(outcome->position.offset, step.offset);
    delivered += step.suppressed ? 0 : 1;
  }
  EXPECT_EQ(fixture_.TakeLines(0).size(), delivered);
}

TEST_P(BrokerContract, StreamRecoveryGivesExactlyTheMissingSuffixOrSaysNo) {
  std::string epoch;
  for (int n = 1; n <= 9; ++n) epoch = fixture_.Publish(0, "a", "1", Keep())->position.epoch;  // 5 … 9
  struct Case {
    const char* name;
    StreamPosition asked;
    std::uint32_t limit;
    bool recovered;
    Numbers offsets;
  };
  const Case cases[] = {
      {"two missing", {.offset = 7, .epoch = epoch}, 300, true, {8, 9}},
      {"at the top", {.offset = 9, .epoch = epoch}, 300, true, {}},
      {"everything that is kept", {.offset = 4, .epoch = epoch}, 300, true, {5, 6, 7, 8, 9}},
      {"one too old", {.offset = 3, .epoch = epoch}, 300, false, {}},
      {"any epoch", {.offset = 8, .epoch = ""}, 300, true, {9}},
      {"another epoch", {.offset = 8, .epoch = "zzzz"}, 300, false, {}},
      {"another epoch, at the top", {.offset = 9, .epoch = "zzzz"}, 300, false, {}},
      {"beyond the top", {.offset = 10, .epoch = epoch}, 300, false, {}},
      {"as many as the limit", {.offset = 7, .epoch = epoch}, 2, true, {8, 9}},
      {"more than the limit", {.offset = 6, .epoch = epoch}, 2, false, {}},
      {"a new client, stream trimmed", {}, 300, false, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto outcome = fixture_.Subscribe(last(), "a", Recover(c.asked, c.limit));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->recovered, c.recovered);
    EXPECT_EQ(Offsets(outcome->publications), c.offsets);
    EXPECT_EQ(outcome->top, (StreamPosition{.offset = 9, .epoch = epoch}));
  }
}

TEST_P(BrokerContract, ANewClientRecoversAStreamThatBeginsAtOne) {
  const auto empty = fixture_.Subscribe(last(), "empty", Recover({}));
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->recovered);
  EXPECT_TRUE(empty->publications.empty());
  ASSERT_TRUE(fixture_.Publish(0, "a", "1", Keep()) && fixture_.Publish(0, "a", "2", Keep()));
  const auto outcome = fixture_.Subscribe(last(), "a", Recover({}));
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->recovered);
  EXPECT_EQ(Offsets(outcome->publications), (Numbers{1, 2}));
}

TEST_P(BrokerContract, RemovedHistoryIsNotRecoveredFromExceptAtTheTop) {
  const auto first = fixture_.Publish(0, "a", "1", Keep());
  const auto second = fixture_.Publish(0, "a", "2", Keep());
  ASSERT_TRUE(first && second && fixture_.RemoveHistory(0, "a"));
  EXPECT_FALSE(fixture_.Subscribe(last(), "a", Recover(first->position))->recovered);
  EXPECT_TRUE(fixture_.Subscribe(last(), "a", Recover(second->position))->recovered);
}

TEST_P(BrokerContract, CacheRecoveryGivesTheNewestOnly) {
  const auto recover = [&](std::string channel, StreamPosition position) {
    return fixture_.Subscribe(last(), channel, Recover(std::move(position), 300, RecoveryMode::kCache));
  };
  const auto empty = recover("a", {});
  ASSERT_TRUE(empty);
  EXPECT_FALSE(empty->recovered) << "there is nothing to give";
  EXPECT_TRUE(recover("a", empty->top)->recovered) << "at the top of an empty stream";

  for (int n = 1; n <= 3; ++n) ASSERT_TRUE(fixture_.Publish(0, "a", "1", Keep()));
  const StreamPosition top = fixture_.History(0, "a", {}, kStream)->top;
  struct Case {
    const char* name;
    StreamPosition asked;
    Numbers offsets;
  };
  const Case cases[] = {
      {"new client", {}, {3}},
      {"behind", {.offset = 1, .epoch = top.epoch}, {3}},
      {"another epoch", {.offset = 3, .epoch = "zzzz"}, {3}},
      {"at the top", top, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto outcome = recover("a", c.asked);
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(outcome->recovered);
    EXPECT_EQ(Offsets(outcome->publications), c.offsets);
  }

  ASSERT_TRUE(fixture_.RemoveHistory(0, "a"));
  EXPECT_FALSE(recover("a", {})->recovered) << "the newest is gone";
  EXPECT_TRUE(recover("a", top)->recovered);
}

TEST_P(BrokerContract, ChannelsAreFoundByPatternWithTheirSubscriptions) {
  for (const char* channel : {"chat:1", "chat:2", "news", "new:s"}) {
    ASSERT_TRUE(fixture_.Subscribe(0, channel));
  }
  ASSERT_TRUE(fixture_.Subscribe(last(), "chat:1"));
  ASSERT_TRUE(fixture_.Publish(0, "unsubscribed", "1", Keep()));
  const auto names = [&](std::string pattern) {
    Lines found;
    for (const ChannelCount& count : fixture_.Channels(last(), std::move(pattern)).value()) {
      found.push_back(count.channel + "=" + std::to_string(count.subscriptions));
    }
    return found;
  };
  EXPECT_EQ(names(""), (Lines{"chat:1=2", "chat:2=1", "new:s=1", "news=1"}));
  EXPECT_EQ(names("chat:*"), (Lines{"chat:1=2", "chat:2=1"}));
  EXPECT_EQ(names("new?"), (Lines{"news=1"}));
  EXPECT_EQ(names("chat:[2-9]"), (Lines{"chat:2=1"}));
  EXPECT_EQ(names("none*"), Lines{});
  EXPECT_EQ(fixture_.broker(last()).SubscribedChannels(), 4u);
  fixture_.Unsubscribe(0, "news");
  EXPECT_EQ(names("n*"), (Lines{"new:s=1"}));
  EXPECT_EQ(fixture_.broker(0).SubscribedChannels(), 3u);
  const auto malformed = fixture_.Channels(0, "a[");
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().code, Errc::kInvalidArgument);
}

TEST_P(BrokerContract, ASubscribeThatIsGivenUpLeavesNothing) {
  const std::string channels[] = {"a", "b", "c", "d", "e", "f"};
  for (std::size_t i = 0; i < fixture_.size(); ++i) {
    fixture_.Run(i, [&] {
      for (const std::string& channel : channels) {
        TaskScope scope;
        scope.Spawn([](BrokerFixture& fixture, std::size_t loop, ChannelName name) -> Task<void> {
          const auto outcome = co_await fixture.broker(loop).Subscribe(name, {.stream = kStream});
          if (outcome) fixture.broker(loop).Unsubscribe(name);
        }(fixture_, i, ChannelName(channel)));
      }  // those that wait for another loop end here
    });
  }
  fixture_.Settle();
  EXPECT_TRUE(fixture_.Channels(0, "")->empty());
}

}  // namespace tidemill::broker::testing
