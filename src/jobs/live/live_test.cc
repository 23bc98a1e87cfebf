// With the memory broker and a subscriber that records.
#include "jobs/live/live.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "realtime/broker/memory/memory_broker.h"

namespace tidemill::live {
namespace {

std::shared_ptr<const channels::Rules> TestRules(bool keeps_jobs) {
  channels::ChannelSettings settings;
  settings.namespaces["queue"];
  settings.namespaces["batch"];
  settings.namespaces["jobs"];
  if (keeps_jobs) settings.namespaces["jobs"] = {.history_size = 1, .history_ttl = Seconds(60)};
  return *channels::Rules::Make(std::move(settings));
}

class LiveTest : public ::testing::Test, public broker::BrokerEvents {
 protected:
  LiveTest() { Open({}, false); }
  ~LiveTest() override {
    live_.reset();
    net::testing::RunTurns(*loop_);
  }

  void Open(Live::Limits limits, bool keeps_jobs) {
    live_.reset();
    shards_ = broker::MakeMemoryBrokerShards({loop_.get()}, {});
    shard_ = shards_->TakeShard(0);
    shard_.broker->SetEvents(*this);
    publisher_ = std::make_unique<broker::Publisher>(*shard_.broker, *shard_.presence, TestRules(keeps_jobs));
    registries_.push_back(std::make_unique<metrics::Registry>());
    live_ =
        std::make_unique<Live>(Live::Surroundings{.loop = *loop_,
                                                  .publisher = *publisher_,
                                                  .registry = *registries_.back(),
                                                  .queue = [this](std::string_view) { return queue_json_; },
                                                  .batch = [this](std::string_view) { return batch_json_; }},
                               limits);
    relay_ = std::make_unique<OccupancyRelay>(*loop_, *live_);
    shard_.broker->SetOccupancyEvents(*relay_);
  }
  void Subscribe(const std::string& channel) {
    ASSERT_TRUE(net::testing::RunTask(*loop_, shard_.broker->Subscribe(broker::ChannelName(channel), {})));
    net::testing::RunTurns(*loop_);
  }
  void Change(std::string_view jid, jobs::JobState state, std::optional<int> percent = std::nullopt) {
    const jobs::Track track{.percent = percent};
    live_->OnChange({.state = state,
                     .jid = jid,
                     .queue = "mail",
                     .type = "Send",
                     .attempt = 1,
                     .at = WallTime{1'700'000'000'000},
                     .track = percent ? &track : nullptr});
    net::testing::RunTurns(*loop_);
  }
  void Wait(Duration by) {
    clock_.Advance(by);
    net::testing::RunTurns(*loop_, 8);
  }

  void OnPublication(const broker::ChannelName& channel, const broker::PublicationPtr& publication) override {
    seen_.push_back(channel.value() + " " + publication->data);
  }
  void OnJoin(const broker::ChannelName&, const broker::ClientInfo&) override {}
  void OnLeave(const broker::ChannelName&, const broker::ClientInfo&) override {}
  void OnStreamLost(const broker::ChannelName&) override {}

  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop({.clock = &clock_});
  std::vector<std::unique_ptr<metrics::Registry>> registries_;
  std::unique_ptr<broker::MemoryBrokerShards> shards_;
  broker::LoopBroker shard_;
  std::unique_ptr<broker::Publisher> publisher_;
  std::unique_ptr<Live> live_;
  std::unique_ptr<OccupancyRelay> relay_;
  std::string queue_json_ = R"({"queue":"mail"})";
  std::string batch_json_ = R"({"batch":"b-1"})";
  std::vector<std::string> seen_;
};

using Lines = std::vector<std::string>;

TEST_F(LiveTest, PublishesWhereSomebodyIsSubscribed) {
  Subscribe("jobs:a1234567");
  Change("a1234567", jobs::JobState::kWorking);
  Change("b1234567", jobs::JobState::kWorking);
  EXPECT_EQ(seen_, Lines{R"(jobs:a1234567 {"jid":"a1234567","state":"working","queue":"mail","type":"Send",)"
                         R"("attempt":1,"at":"2023-11-14T22:13:20.000Z"})"});
  EXPECT_EQ(live_->channels(), 1u);
  shard_.broker->Unsubscribe(broker::ChannelName("jobs:a1234567"));
  net::testing::RunTurns(*loop_);
  Wait(Milliseconds(300));
  Change("a1234567", jobs::JobState::kDone);
  EXPECT_EQ(seen_.size(), 1u);
  EXPECT_EQ(live_->channels(), 0u);
}

TEST_F(LiveTest, TheLatestProgressGoesOutAndTheEnd) {
  Subscribe("jobs:a1234567");
  Change("a1234567", jobs::JobState::kWorking);
  for (int percent = 1; percent <= 50; ++percent) Change("a1234567", jobs::JobState::kWorking, percent);
  EXPECT_EQ(seen_.size(), 1u);
  Wait(Milliseconds(120));
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_TRUE(seen_[1].ends_with(R"(,"percent":50})")) << seen_[1];
  Change("a1234567", jobs::JobState::kWorking, 60);
  Change("a1234567", jobs::JobState::kDone);
  Wait(Milliseconds(120));
  ASSERT_EQ(seen_.size(), 3u);
  EXPECT_TRUE(seen_[2].contains(R"("state":"done")")) << seen_[2];
}

TEST_F(LiveTest, AQueueIsAsItIsWhenItGoesOut) {
  Subscribe("queue:mail");
  Change("a1234567", jobs::JobState::kQueued);
  queue_json_ = R"({"queue":"mail","ready":2})";
  Change("b1234567", jobs::JobState::kQueued);
  queue_json_ = R"({"queue":"mail","ready":3})";
  Wait(Milliseconds(120));
  EXPECT_EQ(seen_, (Lines{R"(queue:mail {"queue":"mail"})", R"(queue:mail {"queue":"mail","ready":3})"}));
}

TEST_F(LiveTest, ABatchIsAsItIsWhenItGoesOut) {
  Subscribe("batch:b-1");
  live_->OnBatchChange("b-1");
  net::testing::RunTurns(*loop_);
  for (int pending = 3; pending > 0; --pending) {
    batch_json_ = R"({"batch":"b-1","pending":)" + std::to_string(pending) + "}";
    live_->OnBatchChange("b-1");
  }
  Wait(Milliseconds(120));
  EXPECT_EQ(seen_, (Lines{R"(batch:b-1 {"batch":"b-1"})", R"(batch:b-1 {"batch":"b-1","pending":1})"}));
  batch_json_ = "";
  live_->OnBatchChange("b-1");
  Wait(Milliseconds(120));
  EXPECT_EQ(seen_.size(), 2u) << "it is gone";
}

TEST_F(LiveTest, WhatIsKeptIsPublishedUnaskedWhileThereIsRoom) {
  Open({.unsubscribed_max = 2}, true);
  for (const char* jid : {"a1234567", "b1234567", "c1234567"}) Change(jid, jobs::JobState::kWorking);
  EXPECT_EQ(live_->channels(), 2u);
  const auto top = [&](const char* channel) {
    return net::testing::RunTask(*loop_, publisher_->History({.channel = channel}))->top.offset;
  };
  EXPECT_EQ(top("jobs:a1234567"), 1u);
  EXPECT_EQ(top("jobs:c1234567"), 0u);
  EXPECT_TRUE(registries_.back()->Text().contains("tidemill_jobs_live_dropped_total 1\n"));
  Subscribe("jobs:c1234567");
  Change("c1234567", jobs::JobState::kDone);
  EXPECT_EQ(top("jobs:c1234567"), 1u) << "a subscriber has room of its own";
}

}  // namespace
}  // namespace tidemill::live
