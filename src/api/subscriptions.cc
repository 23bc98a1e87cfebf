// subscribe and unsubscribe: server-side subscriptions of a user's connections.
#include <utility>

#include "api/commands.h"

namespace tidemill::api {

Task<Outcome> Commands::Run(SubscribeRequest request, std::string& out) {
  if (const auto found = Find(request.subscribe.channel); !found) co_return std::unexpected(found.error());
  if (request.info.form == Payload::Form::kMalformed || request.data.form == Payload::Form::kMalformed) {
    co_return std::unexpected(protocol::kErrorBadRequest);
  }
  request.subscribe.info = std::move(request.info.bytes);
  request.subscribe.data = std::move(request.data.bytes);
  const auto subscribed =
      co_await services_.directory.Apply(std::move(request.target), std::move(request.subscribe));
  if (!subscribed) co_return std::unexpected(CodeOfDirectory("subscribe", subscribed.error()));
  out += "{}";
  co_return Outcome();
}

Task<Outcome> Commands::Run(UnsubscribeRequest request, std::string& out) {
  if (!request.channel.empty()) {
    if (const auto found = Find(request.channel); !found) co_return std::unexpected(found.error());
  }
  const auto unsubscribed = co_await services_.directory.Apply(
      std::move(request.target), control::Unsubscribe{std::move(request.channel)});
  if (!unsubscribed) co_return std::unexpected(CodeOfDirectory("unsubscribe", unsubscribed.error()));
  out += "{}";
  co_return Outcome();
}

}  // namespace tidemill::api
