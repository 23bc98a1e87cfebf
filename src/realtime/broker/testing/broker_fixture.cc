#include "realtime/broker/testing/broker_fixture.h"

#include <algorithm>

#include "base/assert.h"

namespace tidemill::broker::testing {

void Recorder::OnPublication(const ChannelName& channel, const PublicationPtr& publication) {
  const char* const what = publication->removed ? " removed " : publication->key.empty() ? " pub " : " key ";
  std::string line = channel.value() + what + std::to_string(publication->offset);
  if (!publication->key.empty()) line += " " + publication->key;
  if (!publication->removed) line += " " + publication->data;
  lines.push_back(std::move(line));
  publications.push_back(publication);
  if (also) also->OnPublication(channel, publication);
}

void Recorder::OnJoin(const ChannelName& channel, const ClientInfo& info) {
  lines.push_back(channel.value() + " join " + info.client);
  if (also) also->OnJoin(channel, info);
}

void Recorder::OnLeave(const ChannelName& channel, const ClientInfo& info) {
  lines.push_back(channel.value() + " leave " + info.client);
  if (also) also->OnLeave(channel, info);
}

void Recorder::OnStreamLost(const ChannelName& channel) {
  lines.push_back(channel.value() + " lost");
  if (also) also->OnStreamLost(channel);
}

void OccupancyRecorder::Tell(const ChannelName& channel, const char* what) {
  TM_ASSERT(loop_.IsCurrent() && !inside_);
  inside_ = true;
  lines.push_back(channel.value() + what);
  if (also) also(channel);
  inside_ = false;
}

void Backend::Pass(BrokerFixture& fixture, Duration by) { fixture.Advance(by); }

BrokerFixture::BrokerFixture(std::size_t loops, const BackendFactory& make) {
  std::vector<net::Loop*> opened;
  for (std::size_t i = 0; i < loops; ++i) {
    auto loop = net::Loop::Open({.index = i, .read_buffer_bytes = 4096, .clock = &clock_});
    TM_ASSERT(loop.has_value());
    loops_.push_back(std::make_unique<LoopThread>());
    loops_.back()->loop = *std::move(loop);
    loops_.back()->occupancy = std::make_unique<OccupancyRecorder>(*loops_.back()->loop);
    opened.push_back(loops_.back()->loop.get());
  }
  backend_ = make(opened);
  for (std::size_t i = 0; i < loops; ++i) {
    backend_->broker(i).SetEvents(loops_[i]->recorder);
    backend_->broker(i).SetOccupancyEvents(*loops_[i]->occupancy);
  }
  for (const auto& loop : loops_) loop->thread = std::thread([&loop = *loop->loop] { loop.Run(); });
  backend_->Settle(*this);
}

BrokerFixture::~BrokerFixture() {
  for (const auto& loop : loops_) {
    // Tasks end on their own loop, while all loops still run.
    std::binary_semaphore done(0);
    loop->loop->Post([&loop, &done] {
      loop->scope.reset();
      done.release();
    });
    done.acquire();
  }
  for (const auto& loop : loops_) {
    loop->loop->Stop();
    loop->thread.join();
  }
  backend_.reset();
}

void BrokerFixture::Run(std::size_t index, std::function<void()> function) {
  std::binary_semaphore done(0);
  loop(index).Post([&function, &done] {
    function();
    done.release();
  });
  done.acquire();
}

void BrokerFixture::Settle() {
  backend_->Settle(*this);
  // A call to another loop, its answer, the events it causes, and what a test's handler does.
  for (int round = 0; round < 4; ++round) {
    for (std::size_t i = 0; i < size(); ++i) Run(i, [] {});
  }
}

void BrokerFixture::Advance(Duration by) {
  clock_.Advance(by);
  // The first turn reads the new time; timers that are due have fired by the second.
  Settle();
}

std::vector<std::string> BrokerFixture::TakeLines(std::size_t index) {
  Settle();
  std::vector<std::string> lines;
  Run(index, [&] { lines = std::exchange(recorder(index).lines, {}); });
  return lines;
}

std::vector<std::string> BrokerFixture::TakeOccupancy(std::size_t index) {
  Settle();
  std::vector<std::string> lines;
  Run(index, [&] { lines = std::exchange(occupancy(index).lines, {}); });
  return lines;
}

Result<PublishOutcome> BrokerFixture::Publish(std::size_t index, std::string channel, std::string data,
                                              PublishOptions options) {
  return Await<Result<PublishOutcome>>(index, [&] {
    Publication publication;
    publication.data = data;
    return broker(index).Publish(ChannelName(channel), std::move(publication), options);
  });
}

Result<SubscribeOutcome> BrokerFixture::Subscribe(std::size_t index, std::string channel,
                                                  SubscribeOptions options) {
  return Await<Result<SubscribeOutcome>>(
      index, [&] { return broker(index).Subscribe(ChannelName(channel), options); });
}

void BrokerFixture::Unsubscribe(std::size_t index, std::string channel) {
  Run(index, [&] { broker(index).Unsubscribe(ChannelName(channel)); });
  Settle();
}

Result<HistoryOutcome> BrokerFixture::History(std::size_t index, std::string channel, HistoryQuery query,
                                              StreamSettings stream) {
  return Await<Result<HistoryOutcome>>(
      index, [&] { return broker(index).History(ChannelName(channel), query, stream); });
}

Result<void> BrokerFixture::RemoveHistory(std::size_t index, std::string channel) {
  return Await<Result<void>>(index, [&] { return broker(index).RemoveHistory(ChannelName(channel)); });
}

Result<std::vector<ChannelCount>> BrokerFixture::Channels(std::size_t index, std::string pattern) {
  auto found =
      Await<Result<std::vector<ChannelCount>>>(index, [&] { return broker(index).Channels(pattern); });
  if (found) std::ranges::sort(*found, {}, &ChannelCount::channel);
  return found;
}

}  // namespace tidemill::broker::testing
