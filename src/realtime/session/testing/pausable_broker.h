// PausableBroker: a broker and its presence store that keep their answers back while a test wants it: one
// that is slow, or never answers.
//
// What is asked while it is paused reaches the broker behind it only when it goes on. Loop thread only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "net/async.h"
#include "net/loop.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/presence.h"

namespace tidemill::session {

class PausableBroker final : public broker::Broker, public broker::PresenceStore {
 public:
  PausableBroker(net::Loop& loop, broker::Broker& broker, broker::PresenceStore& presence)
      : loop_(loop), broker_(broker), presence_(presence) {}

  void Pause() { paused_ = true; }
  // What waits goes on in the next turn: everything, or only what has waited longest.
  void Resume();
  void AnswerOne();
  std::size_t asked() const { return asked_; }  // so far

  // Broker
  void SetEvents(broker::BrokerEvents& events) override { broker_.SetEvents(events); }
  void SetOccupancyEvents(broker::OccupancyEvents& events) override { broker_.SetOccupancyEvents(events); }
  Task<Result<broker::PublishOutcome>> Publish(broker::ChannelName channel, broker::Publication publication,
                                               broker::PublishOptions options) override;
  Task<Result<void>> PublishJoin(broker::ChannelName channel, broker::ClientInfo info) override;
  Task<Result<void>> PublishLeave(broker::ChannelName channel, broker::ClientInfo info) override;
  Task<Result<broker::SubscribeOutcome>> Subscribe(broker::ChannelName channel,
                                                   broker::SubscribeOptions options) override;
  void Unsubscribe(const broker::ChannelName& channel) override { broker_.Unsubscribe(channel); }
  Task<Result<broker::HistoryOutcome>> History(broker::ChannelName channel, broker::HistoryQuery query,
                                               broker::StreamSettings stream) override;
  Task<Result<void>> RemoveHistory(broker::ChannelName channel) override;
  Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string pattern) override;
  std::uint64_t SubscribedChannels() const override { return broker_.SubscribedChannels(); }

  // PresenceStore
  Task<Result<void>> Add(broker::ChannelName channel, broker::ClientInfo info) override;
  Task<Result<void>> Remove(broker::ChannelName channel, std::string client) override;
  Task<Result<std::vector<broker::ClientInfoPtr>>> Get(broker::ChannelName channel) override;
  Task<Result<broker::PresenceStats>> Stats(broker::ChannelName channel) override;

 private:
  Task<void> UntilResumed();

  net::Loop& loop_;
  broker::Broker& broker_;
  broker::PresenceStore& presence_;
  bool paused_ = false;
  std::size_t asked_ = 0;
  std::vector<net::Reply<bool>::Sender> waiting_;
};

}  // namespace tidemill::session
