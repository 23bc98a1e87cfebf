// history and history_remove.
#include <utility>

#include "api/commands.h"
#include "api/results.h"

namespace tidemill::api {

Task<Outcome> Commands::Run(HistoryRequest request, std::string& out) {
  const auto history = co_await services_.publisher.History(
      {.channel = std::move(request.channel), .query = std::move(request.query)});
  if (!history) co_return std::unexpected(history.error());
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
  const auto removed = co_await services_.publisher.RemoveHistory(std::move(request.channel));
  if (!removed) co_return std::unexpected(removed.error());
  out += "{}";
  co_return Outcome();
}

}  // namespace tidemill::api
