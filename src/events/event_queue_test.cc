#include "events/event_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::events {
namespace {

using Lines = std::vector<std::string>;

class EventQueueTest : public ::testing::Test {
 protected:
  void Make(QueueLimits limits) {
    queue_ = std::make_unique<EventQueue>("n", limits, metrics_, [this](std::size_t) { ++wakes_; });
  }
  EventQueue::Moment Now() const { return {.wall = clock_.WallNow(), .now = clock_.Now()}; }
  void Occupy(std::string_view channel) { queue_->SetOccupied(channel, Now()); }
  void Vacate(std::string_view channel) { queue_->SetVacated(channel, Now()); }
  void Pass(Duration time) {
    clock_.Advance(time);
    while (queue_->NextDelayEnd() && *queue_->NextDelayEnd() <= clock_.Now()) queue_->EndDelays(Now());
  }
  bool Join(std::string user, std::string channel) {
    const std::size_t before = queue_->waiting();
    queue_->Add({.type = EventType::kJoin, .channel = std::move(channel), .user = std::move(user)}, Now());
    return queue_->waiting() > before;
  }
  static std::string LineOf(const BatchItem& item) {
    return item.channel.empty() ? item.json : std::string(NameOf(item.type)) + " " + item.channel;
  }
  Batch Take() { return queue_->Take(0); }
  // What the only lane has, all of it delivered.
  Lines Told() {
    Lines lines;
    while (true) {
      const Batch batch = Take();
      if (batch.items.empty()) return lines;
      for (const BatchItem& item : batch.items) lines.push_back(LineOf(item));
      queue_->Delivered(batch);
    }
  }
  std::uint64_t Lost(Loss loss) const { return metrics_.lost[static_cast<std::size_t>(loss)]->value(); }

  ManualClock clock_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  int wakes_ = 0;
  std::unique_ptr<EventQueue> queue_;
};

TEST_F(EventQueueTest, AChannelIsVacatedWhenNobodyCameBackInTime) {
  Make({.lanes = 1, .vacated_delay = Seconds(5)});
  Occupy("a");
  EXPECT_EQ(wakes_, 1);
  EXPECT_EQ(Told(), (Lines{"occupied a"}));
  Vacate("a");
  Pass(Milliseconds(4999));
  Occupy("a");
  Pass(Seconds(10));
  EXPECT_EQ(Told(), (Lines{})) << "a quick return is not told";
  Vacate("a");
  Pass(Seconds(5));
  EXPECT_EQ(Told(), (Lines{"vacated a"}));
  EXPECT_EQ(queue_->channels(), 0u);
  EXPECT_TRUE(queue_->idle());
}

TEST_F(EventQueueTest, EventsNameTheTimeOfTheChange) {
  Make({.lanes = 1});
  Occupy("a\"b");
  const std::int64_t since = clock_.WallNow().ms;
  clock_.Advance(Seconds(3));
  const Batch batch = Take();
  ASSERT_EQ(batch.items.size(), 1u);
  EXPECT_EQ(batch.items[0].json,
            R"({"type":"occupied","channel":"a\"b","time_ms":)" + std::to_string(since) + "}");
  EXPECT_EQ(BodyOf(batch), R"({"events":[)" + batch.items[0].json + "]}");
  EXPECT_EQ(batch.id, "n-0-1");
}

TEST_F(EventQueueTest, WhatIsUndoneBeforeItIsToldIsNotToldAndTakesNoMemory) {
  Make({.lanes = 1, .vacated_delay = Duration{}});
  for (int i = 0; i < 100'000; ++i) {
    const std::string channel = "x" + std::to_string(i);
    Occupy(channel);
    Vacate(channel);
  }
  Occupy("stays");
  EXPECT_EQ(queue_->channels(), 1u);
  EXPECT_EQ(queue_->waiting(), 1u);
  EXPECT_EQ(Told(), (Lines{"occupied stays"}));
}

TEST_F(EventQueueTest, WhatChangesWhileItIsSentIsToldAfterwards) {
  Make({.lanes = 1, .vacated_delay = Duration{}});
  Occupy("a");
  const Batch first = Take();
  Vacate("a");
  EXPECT_TRUE(Take().items.empty()) << "never two batches with the same channel at once";
  queue_->Delivered(first);
  EXPECT_EQ(Told(), (Lines{"vacated a"}));

  Occupy("b");
  const Batch second = Take();
  Vacate("b");
  Occupy("b");
  queue_->Delivered(second);
  EXPECT_EQ(Told(), (Lines{}));
  EXPECT_EQ(queue_->channels(), 1u);
}

TEST_F(EventQueueTest, EventsOfAChannelAndItsClientsKeepTheirOrder) {
  Make({.lanes = 1, .vacated_delay = Duration{}, .batch_max = 2});
  Occupy("a");
  EXPECT_TRUE(Join("u", "a"));
  EXPECT_TRUE(Join("v", "a"));
  const Batch first = Take();
  EXPECT_EQ(first.items.size(), 2u);
  queue_->Delivered(first);
  const Lines rest = Told();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_NE(rest[0].find(R"("user":"v")"), std::string::npos);
}

TEST_F(EventQueueTest, OneUserHasAShareOfTheQueue) {
  Make({.lanes = 1, .waiting_max = 100});
  std::size_t taken = 0;
  for (int i = 0; i < 1000; ++i) taken += Join("flood", "c" + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(taken, 11u);
  EXPECT_EQ(Lost(Loss::kUserShare), 989u);
  EXPECT_TRUE(Join("other", "a"));
  std::size_t others = 1;
  for (int i = 0; i < 200; ++i) others += Join("u" + std::to_string(i), "a") ? 1 : 0;
  EXPECT_EQ(taken + others, 100u);
  EXPECT_GT(Lost(Loss::kQueueFull), 0u);
  EXPECT_EQ(Told().size(), 100u);
  EXPECT_TRUE(Join("flood", "a")) << "once its events were told a user has its share again";
}

TEST_F(EventQueueTest, AnonymousClientsAreNotOneUser) {
  Make({.lanes = 1, .waiting_max = 100});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Join("", "c" + std::to_string(i))) << i;
  EXPECT_EQ(Lost(Loss::kUserShare), 0u);
  EXPECT_FALSE(Join("", "one more"));
  EXPECT_EQ(Lost(Loss::kQueueFull), 1u);
  EXPECT_EQ(Told().size(), 100u);
}

TEST_F(EventQueueTest, ChannelsHaveALimitWithANameOfItsOwn) {
  Make({.lanes = 1, .vacated_delay = Duration{}, .channels_max = 2});
  for (const char* channel : {"a", "b", "c"}) Occupy(channel);
  Vacate("c");
  EXPECT_EQ(Told(), (Lines{"occupied a", "occupied b"}));
  EXPECT_EQ(Lost(Loss::kChannels), 1u);
  Vacate("a");
  EXPECT_EQ(Told(), (Lines{"vacated a"}));
  Occupy("c");
  EXPECT_EQ(Told(), (Lines{"occupied c"}));
}

TEST_F(EventQueueTest, WhatIsOccupiedIsToldAgainWhenItWasForgotten) {
  Make({.lanes = 1, .vacated_delay = Duration{}});
  for (int i = 0; i < 2000; ++i) Occupy("c" + std::to_string(i));
  EXPECT_EQ(Told().size(), 2000u);
  const Batch nothing = Take();
  EXPECT_TRUE(nothing.items.empty());
  Occupy("sent");
  const Batch sent = Take();
  queue_->Forget();
  int calls = 0;
  while (queue_->forgetting()) queue_->TellAgain(), ++calls;
  EXPECT_GT(calls, 1) << "not all at once";
  queue_->Delivered(sent);
  EXPECT_EQ(Told().size(), 2001u);
  Vacate("c7");
  EXPECT_EQ(Told(), (Lines{"vacated c7"}));
}

TEST_F(EventQueueTest, AtTheEndNothingIsDelayed) {
  Make({.lanes = 1, .vacated_delay = Seconds(60)});
  Occupy("a");
  Occupy("b");
  EXPECT_EQ(Told().size(), 2u);
  Vacate("a");
  EXPECT_FALSE(queue_->idle());
  queue_->StopDelaying();
  Pass(Duration{});
  Vacate("b");
  EXPECT_EQ(Told(), (Lines{"vacated a", "vacated b"}));
  EXPECT_TRUE(queue_->idle());
}

TEST(ClientEventJson, HasWhatBelongsToItsType) {
  const ClientEvent connect{.type = EventType::kConnect,
                            .at = {1},
                            .user = "u",
                            .client = "c",
                            .transport = "websocket",
                            .name = "js",
                            .version = "1"};
  EXPECT_EQ(JsonOf(connect),
            R"({"type":"connect","user":"u","client":"c","transport":"websocket","name":"js","version":"1",)"
            R"("time_ms":1})");
  const ClientEvent disconnect{
      .type = EventType::kDisconnect, .at = {2}, .user = "u", .client = "c", .code = 3000, .reason = "r"};
  EXPECT_EQ(JsonOf(disconnect),
            R"({"type":"disconnect","user":"u","client":"c","code":3000,"reason":"r","time_ms":2})");
  const ClientEvent join{.type = EventType::kJoin, .at = {3}, .channel = "ch", .user = "u", .client = "c"};
  EXPECT_EQ(JsonOf(join), R"({"type":"join","channel":"ch","user":"u","client":"c","time_ms":3})");
}

}  // namespace
}  // namespace tidemill::events
