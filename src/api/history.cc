// history and history_remove.
#include <utility>

#include "api/commands.h"
#include "api/results.h"

namespace tidemill::api {

Task<Outcome> Commands::Run(HistoryRequest request, std::string& out) {
  const auto found = Find(request.channel);
  if (!found) co_return std::unexpected(found.error());
  const broker::StreamSettings stream = StreamOf(*found);
  if (!stream.enabled()) co_return std::unexpected(protocol::kErrorNotAvailable);
  const auto history = co_await services_.broker.History(broker::ChannelName(std::move(request.channel)),
                                                         std::move(request.query), stream);
  if (!history) co_return std::unexpected(CodeOf(history.error()));
  JsonWriter json(out);
  json.BeginObject();
  json.Key("publications");
  json.BeginArray();
  for (const protocol::PublicationPtr& publication : history->publications) {
    WritePublication(*publication, json);
  }
  json.EndArray();
  if (!history->top.epoch.empty()) json.Member("epoch", history->top.epoch);
  if (history->top.offset > 0) json.Member("offset", history->top.offset);
  json.EndObject();
  co_return Outcome();
}

Task<Outcome> Commands::Run(HistoryRemoveRequest request, std::string& out) {
  const auto found = Find(request.channel);
  if (!found) co_return std::unexpected(found.error());
  if (!StreamOf(*found).enabled()) co_return std::unexpected(protocol::kErrorNotAvailable);
  const auto removed =
      co_await services_.broker.RemoveHistory(broker::ChannelName(std::move(request.channel)));
  if (!removed) co_return std::unexpected(CodeOf(removed.error()));
  out += "{}";
  co_return Outcome();
}

}  // namespace tidemill::api
