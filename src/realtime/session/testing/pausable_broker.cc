#include "realtime/session/testing/pausable_broker.h"

#include <utility>

#include "base/assert.h"

namespace tidemill::session {

Task<void> PausableBroker::UntilResumed() {
  ++asked_;
  if (!paused_) co_return;
  net::Reply<bool> resumed(loop_);
  waiting_.push_back(resumed.sender());
  co_await resumed;
}

void PausableBroker::Resume() {
  paused_ = false;
  for (const auto& waits : std::exchange(waiting_, {})) waits.Send(true);
}

void PausableBroker::AnswerOne() {
  TM_ASSERT(!waiting_.empty());
  waiting_.front().Send(true);
  waiting_.erase(waiting_.begin());
}

Task<Result<broker::PublishOutcome>> PausableBroker::Publish(broker::ChannelName channel,
                                                             broker::Publication publication,
                                                             broker::PublishOptions options) {
  co_await UntilResumed();
  co_return co_await broker_.Publish(std::move(channel), std::move(publication), std::move(options));
}

Task<Result<void>> PausableBroker::PublishJoin(broker::ChannelName channel, broker::ClientInfo info) {
  co_await UntilResumed();
  co_return co_await broker_.PublishJoin(std::move(channel), std::move(info));
}

Task<Result<void>> PausableBroker::PublishLeave(broker::ChannelName channel, broker::ClientInfo info) {
  co_await UntilResumed();
  co_return co_await broker_.PublishLeave(std::move(channel), std::move(info));
}

Task<Result<broker::SubscribeOutcome>> PausableBroker::Subscribe(broker::ChannelName channel,
                                                                 broker::SubscribeOptions options) {
  co_await UntilResumed();
  co_return co_await broker_.Subscribe(std::move(channel), std::move(options));
}

Task<Result<broker::HistoryOutcome>> PausableBroker::History(broker::ChannelName channel,
                                                             broker::HistoryQuery query,
                                                             broker::StreamSettings stream) {
  co_await UntilResumed();
  co_return co_await broker_.History(std::move(channel), std::move(query), stream);
}

Task<Result<void>> PausableBroker::RemoveHistory(broker::ChannelName channel) {
  co_await UntilResumed();
  co_return co_await broker_.RemoveHistory(std::move(channel));
}

Task<Result<std::vector<broker::ChannelCount>>> PausableBroker::Channels(std::string pattern) {
  co_await UntilResumed();
  co_return co_await broker_.Channels(std::move(pattern));
}

Task<Result<void>> PausableBroker::Add(broker::ChannelName channel, broker::ClientInfo info) {
  co_await UntilResumed();
  co_return co_await presence_.Add(std::move(channel), std::move(info));
}

Task<Result<void>> PausableBroker::Remove(broker::ChannelName channel, std::string client) {
  co_await UntilResumed();
  co_return co_await presence_.Remove(std::move(channel), std::move(client));
}

Task<Result<std::vector<broker::ClientInfoPtr>>> PausableBroker::Get(broker::ChannelName channel) {
  co_await UntilResumed();
  co_return co_await presence_.Get(std::move(channel));
}

Task<Result<broker::PresenceStats>> PausableBroker::Stats(broker::ChannelName channel) {
  co_await UntilResumed();
  co_return co_await presence_.Stats(std::move(channel));
}

}  // namespace tidemill::session
