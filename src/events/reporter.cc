#include "events/reporter.h"

#include <utility>

#include "realtime/session/client.h"

namespace tidemill::events {
namespace {

EventQueue::Moment Now(const net::Loop& loop) {
  return {.wall = loop.clock().WallNow(), .now = loop.clock().Now()};
}

}  // namespace

ClientEvent Reporter::EventOf(EventType type, const session::Client& client) const {
  return {.type = type,
          .at = context_.loop.clock().WallNow(),
          .user = client.user,
          .client = client.id.ToString()};
}

void Reporter::OnConnected(const session::Client& client, const session::AppNames::App& app) {
  if (!outlet_.connections) return;
  ClientEvent event = EventOf(EventType::kConnect, client);
  event.transport = session::NameOf(client.form.transport());
  event.name = app.name;
  event.version = app.version;
  Tell(std::move(event));
}

void Reporter::OnDisconnected(const session::Client& client, const session::AppNames::App&,
                              std::uint32_t code, std::string_view reason) {
  if (!outlet_.connections) return;
  ClientEvent event = EventOf(EventType::kDisconnect, client);
  event.code = code;
  event.reason = reason;
  Tell(std::move(event));
}

void Reporter::OnJoined(const session::Client& client, std::string_view channel) {
  ClientEvent event = EventOf(EventType::kJoin, client);
  event.channel = channel;
  Tell(std::move(event));
}

void Reporter::OnLeft(const session::Client& client, std::string_view channel) {
  ClientEvent event = EventOf(EventType::kLeave, client);
  event.channel = channel;
  Tell(std::move(event));
}

void Reporter::Tell(ClientEvent event) {
  outlet_.loop.Post(
      [&outlet = outlet_, event = std::move(event)] { outlet.queue.Add(event, Now(outlet.loop)); });
}

void Reporter::OnOccupied(const broker::ChannelName& name) {
  const auto channel = context_.settings->rules->Find(name.value());
  if (!channel || !channel->options->state_proxy_enabled) return;
  outlet_.loop.Post(
      [&outlet = outlet_, text = name.value()] { outlet.queue.SetOccupied(text, Now(outlet.loop)); });
}

void Reporter::OnVacated(const broker::ChannelName& name) {
  outlet_.loop.Post([&outlet = outlet_, text = name.value()] {
    outlet.queue.SetVacated(text, Now(outlet.loop));
    outlet.sender.Reschedule();
  });
}

}  // namespace tidemill::events
