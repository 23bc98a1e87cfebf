#include "server/loop_realtime.h"

#include <utility>

#include "realtime/protocol/codes.h"
#include "realtime/session/session.h"
#include "settings/settings.h"

namespace tidemill::server {

Result<std::unique_ptr<LoopRealtime>> LoopRealtime::Make(net::Loop& loop, broker::LoopBroker broker,
                                                         Shared& shared, const settings::Settings& settings,
                                                         const LiveSettings& live, polls::PollLoops& polls,
                                                         std::size_t index, std::size_t loops) {
  const auth::OwnKey* const own_key = settings.accounts.enabled ? &shared.own_key : nullptr;
  TM_TRY_ASSIGN(auto tokens, session::MakeTokens(loop, live.session->client, own_key));
  auto proxies = proxies::Proxies::Make(
      {.loop = loop, .registry = shared.registry, .client_metrics = &shared.client_metrics}, *live.backend,
      live.backend_tls, live.session->rules->settings());
  const hub::HubOptions options{.compression_min_bytes = settings.websocket.compression_min_size,
                                .delta_bytes_max = settings.channel.delta_max_size,
                                .delta_bases_bytes_max = settings.channel.delta_bases_max_size / loops,
                                .filters_max = settings.channel.tags_filters_max};
  return std::unique_ptr<LoopRealtime>(new LoopRealtime(loop, std::move(broker), shared, options,
                                                        settings.prometheus_usage, live, std::move(tokens),
                                                        std::move(proxies), own_key, polls, index));
}

LoopRealtime::LoopRealtime(net::Loop& loop, broker::LoopBroker broker, Shared& shared,
                           hub::HubOptions options, const session::UsageOptions& usage,
                           const LiveSettings& live, std::shared_ptr<session::Tokens> tokens,
                           std::unique_ptr<proxies::Proxies> proxies, const auth::OwnKey* own_key,
                           polls::PollLoops& polls, std::size_t index)
    : loop_(loop),
      own_key_(own_key),
      broker_(std::move(broker)),
      publisher_(*broker_.broker, *broker_.presence, live.session->rules),
      maps_(*broker_.maps, *broker_.broker, live.session->rules),
      hub_(loop, shared.hub_metrics, options),
      proxies_(std::move(proxies)),
      polls_(loop, hub_, polls, index),
      scope_(std::in_place),
      context_{.loop = loop,
               .broker = *broker_.broker,
               .presence = *broker_.presence,
               .publisher = publisher_,
               .maps = maps_,
               .hub = hub_,
               .metrics = shared.session_metrics,
               .settings = live.session,
               .tokens = std::move(tokens),
               .access = &shared.access,
               .scope = *scope_,
               .backend = proxies_.get(),
               .polls = &polls_,
               .buffers = &shared.http_buffers},
      poller_({.loop = loop,
               .loops = polls,
               .scope = *scope_,
               .rules = [this]() -> const channels::Rules& { return *context_.settings->rules; },
               .source = proxies_.get()}),
      probe_(loop, hub_, shared.registry),
      usage_(shared.registry, usage) {
  polls.Join(index, polls_, poller_);
  context_.lifecycle.Add(usage_);
  if (usage.by_namespace) publisher_.SetUsage(usage_);
  broker_.broker->SetEvents(hub_);
}

Result<Commit> LoopRealtime::Prepare(const LiveSettings& live) {
  TM_TRY_ASSIGN(auto tokens, session::MakeTokens(loop_, live.session->client, own_key_));
  Commit replace = proxies_->Prepare(*live.backend, live.backend_tls, live.session->rules->settings());
  return [this, session = live.session, tokens = std::move(tokens), replace = std::move(replace)] {
    replace();
    context_.settings = session;
    context_.tokens = tokens;
    publisher_.ReplaceRules(session->rules);
    maps_.ReplaceRules(session->rules);
  };
}

void LoopRealtime::EndSessions(std::size_t count) {
  for (session::Session* session : context_.registry.Some(count)) {
    session->Disconnect(protocol::kDisconnectShutdown);
  }
}

}  // namespace tidemill::server
