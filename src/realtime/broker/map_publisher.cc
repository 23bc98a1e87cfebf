#include "realtime/broker/map_publisher.h"

#include "realtime/broker/data_form.h"
#include "realtime/broker/map_settings.h"

namespace tidemill::broker {
namespace {

template <class T>
Answer<T> AnswerOf(Result<T> result, Surface surface) {
  if (!result) return std::unexpected(CodeOf(result.error(), surface));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

}  // namespace

Answer<const channels::ChannelOptions*> MapPublisher::Find(std::string_view channel) const {
  TM_TRY_ASSIGN(const channels::Channel found, rules_->Find(channel));
  if (!found.options->is_map()) return std::unexpected(protocol::kErrorBadRequest);
  return found.options;
}

Task<Answer<MapOutcome>> MapPublisher::Publish(MapPublishCall call) {
  TM_CO_TRY_ASSIGN(const channels::ChannelOptions* const options, Find(call.channel));
  if (!FitsKey(*options, call.data, call.form)) co_return std::unexpected(protocol::kErrorBadRequest);
  Publication publication;
  publication.data = std::move(call.data);
  publication.data_is_json = call.form == DataForm::kJson || publication.data.empty();
  publication.info = std::move(call.info);
  publication.tags = std::move(call.tags);
  publication.key = std::move(call.key);
  publication.score = call.score;
  publication.send_delta = call.delta || options->delta_publish;
  auto outcome = co_await maps_.Publish(ChannelName(std::move(call.channel)), std::move(publication),
                                        {.map = MapSettingsOf(*options),
                                         .condition = call.condition,
                                         .idempotency_key = std::move(call.idempotency_key),
                                         .version = call.version,
                                         .version_epoch = std::move(call.version_epoch)});
  if (outcome && outcome->unchanged == Unchanged::kChannelFull) {
    co_return std::unexpected(protocol::kErrorMapFull);
  }
  co_return AnswerOf(std::move(outcome), call.surface);
}

Task<Answer<MapOutcome>> MapPublisher::Remove(MapRemoveCall call) {
  TM_CO_TRY_ASSIGN(const channels::ChannelOptions* const options, Find(call.channel));
  co_return AnswerOf(co_await maps_.Remove(ChannelName(std::move(call.channel)), std::move(call.key),
                                           {.map = MapSettingsOf(*options),
                                            .idempotency_key = std::move(call.idempotency_key)}),
                     call.surface);
}

Task<Answer<MapPage>> MapPublisher::ReadState(MapStateCall call) {
  TM_CO_TRY_ASSIGN(const channels::ChannelOptions* const options, Find(call.channel));
  co_return AnswerOf(co_await maps_.ReadState(ChannelName(std::move(call.channel)), std::move(call.query),
                                              MapSettingsOf(*options)),
                     call.surface);
}

Task<Answer<HistoryOutcome>> MapPublisher::ReadStream(HistoryCall call) {
  TM_CO_TRY_ASSIGN(const channels::ChannelOptions* const options, Find(call.channel));
  const StreamSettings stream = MapSettingsOf(*options).stream;
  if (!stream.enabled()) co_return std::unexpected(protocol::kErrorNotAvailable);
  co_return AnswerOf(
      co_await broker_.History(ChannelName(std::move(call.channel)), std::move(call.query), stream),
      call.surface);
}

Task<Answer<MapStats>> MapPublisher::Stats(std::string channel) {
  TM_CO_TRY(Find(channel));
  co_return AnswerOf(co_await maps_.Stats(ChannelName(std::move(channel))), Surface::kService);
}

Task<Answer<void>> MapPublisher::Clear(std::string channel) {
  TM_CO_TRY(Find(channel));
  co_return AnswerOf(co_await maps_.Clear(ChannelName(std::move(channel))), Surface::kService);
}

}  // namespace tidemill::broker
