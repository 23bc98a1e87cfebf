#include "realtime/broker/publisher.h"

#include "realtime/broker/stream_settings.h"

namespace tidemill::broker {
namespace {

template <class T>
Answer<T> AnswerOf(Result<T> result, Surface surface) {
  if (!result) return std::unexpected(CodeOf(result.error(), surface));
  return *std::move(result);
}

Task<Answer<PublishOutcome>> TaskAnswer(Task<Result<PublishOutcome>> publish, Surface surface) {
  co_return AnswerOf(co_await publish, surface);
}

Task<Answer<PublishOutcome>> Refused(protocol::ErrorCode code) { co_return std::unexpected(code); }

}  // namespace

Answer<Admitted> Publisher::Admit(PublishCall&& call) const {
  TM_TRY_ASSIGN(const channels::Channel channel, rules_->Find(call.channel));
  return Admit(channel, std::move(call));
}

Answer<Admitted> Publisher::Admit(const channels::Channel& channel, PublishCall&& call) const {
  // A publication without a key has no place in a map, or among polled keys.
  if (!channel.options->is_stream() || !Fits(*channel.options, call.data, call.form)) {
    return std::unexpected(protocol::kErrorBadRequest);
  }
  if (usage_) usage_->OnPublication(channel.name.name_space, call.data.size());
  Admitted admitted{.channel = ChannelName(std::move(call.channel)),
                    .publication = {},
                    .options = {.stream = {},
                                .idempotency_key = std::move(call.idempotency_key),
                                .version = call.version,
                                .version_epoch = std::move(call.version_epoch)},
                    .surface = call.surface};
  admitted.publication.data = std::move(call.data);
  admitted.publication.data_is_json = call.form == DataForm::kJson;
  admitted.publication.info = std::move(call.info);
  admitted.publication.tags = std::move(call.tags);
  admitted.publication.send_delta = call.delta || channel.options->delta_publish;
  if (!call.skip_history) {
    admitted.options.stream = StreamSettingsOf(*channel.options, rules_->settings().history_meta_ttl);
  }
  return admitted;
}

// Publish is no coroutine: its large arguments would be moved once more into the coroutine's frame.
Task<Answer<PublishOutcome>> Publisher::Publish(PublishCall&& call) {
  Answer<Admitted> admitted = Admit(std::move(call));
  if (!admitted) return Refused(admitted.error());
  return Publish(*std::move(admitted));
}

Task<Answer<PublishOutcome>> Publisher::Publish(Admitted&& admitted) {
  return TaskAnswer(broker_.Publish(std::move(admitted.channel), std::move(admitted.publication),
                                    std::move(admitted.options)),
                    admitted.surface);
}

Task<Answer<HistoryOutcome>> Publisher::History(HistoryCall call) {
  TM_CO_TRY_ASSIGN(const StreamSettings stream, StreamOf(call.channel));
  co_return AnswerOf(
      co_await broker_.History(ChannelName(std::move(call.channel)), std::move(call.query), stream),
      call.surface);
}

Task<Answer<void>> Publisher::RemoveHistory(std::string channel) {
  TM_CO_TRY(StreamOf(channel));
  const Result<void> removed = co_await broker_.RemoveHistory(ChannelName(std::move(channel)));
  if (!removed) co_return std::unexpected(CodeOf(removed.error(), Surface::kService));
  co_return Answer<void>();
}

Task<Answer<std::vector<ClientInfoPtr>>> Publisher::Presence(PresenceCall call) {
  TM_CO_TRY(CheckPresence(call.channel));
  co_return AnswerOf(co_await presence_.Get(ChannelName(std::move(call.channel))), call.surface);
}

Task<Answer<PresenceStats>> Publisher::PresenceCounts(PresenceCall call) {
  TM_CO_TRY(CheckPresence(call.channel));
  co_return AnswerOf(co_await presence_.Stats(ChannelName(std::move(call.channel))), call.surface);
}

Answer<StreamSettings> Publisher::StreamOf(std::string_view channel) const {
  TM_TRY_ASSIGN(const channels::Channel found, rules_->Find(channel));
  if (!KeepsStream(*found.options)) return std::unexpected(protocol::kErrorNotAvailable);
  return StreamSettingsOf(*found.options, rules_->settings().history_meta_ttl);
}

Answer<void> Publisher::CheckPresence(std::string_view channel) const {
  TM_TRY_ASSIGN(const channels::Channel found, rules_->Find(channel));
  if (!found.options->presence) return std::unexpected(protocol::kErrorNotAvailable);
  return {};
}

}  // namespace tidemill::broker
