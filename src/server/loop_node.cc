#include "server/loop_node.h"

#include <algorithm>
#include <utility>

#include "cluster/cluster_directory.h"
#include "realtime/protocol/codes.h"
#include "realtime/session/node_directory.h"
#include "realtime/session/session.h"
#include "realtime/session/transports/websocket.h"
#include "websocket/echo.h"

namespace tidemill::server {
namespace {

http::Server::Options ServerOptions(const settings::Settings& settings, http::ServerMetrics& metrics) {
  const http::ServerSettings& http = settings.http_server;
  http::Server::Options options;
  options.limits.headers_timeout = http.headers_timeout;
  options.limits.body_timeout = http.body_timeout;
  options.limits.keep_alive_timeout = http.keep_alive_timeout;
  options.limits.body_bytes_max = http.max_request_body_bytes;
  options.cors.allowed_origins = settings.client.allowed_origins;
  options.metrics = &metrics;
  return options;
}

// What tests/conformance/ asks: one that takes its largest messages, one with the limits configured.
void AddEchoRoutes(http::Router& router, const session::WebsocketSettings& settings) {
  constexpr websocket::FrameLimits kLarge{.message_bytes_max = 32 << 20, .fragments_max = 131072};
  const websocket::FrameLimits configured{.message_bytes_max = settings.message_size_limit,
                                          .fragments_max = settings.fragments_max};
  for (const auto& [path, limits] : {std::pair("/echo", kLarge), std::pair("/limited", configured)}) {
    router.AddTakeover(http::Method::kGet, path,
                       websocket::MakeEchoHandler({.connection = {.limits = limits}, .deflate = true}));
  }
}

std::unique_ptr<cluster::Cluster> MakeCluster(session::Context& context, control::Directory& own,
                                              const SharedParts& shared) {
  if (!shared.bus || context.loop.index() != 0) return nullptr;
  return std::make_unique<cluster::Cluster>(
      context.loop, *shared.bus, own, cluster::NodeId(context.settings->node_id), *shared.cluster_metrics);
}

std::unique_ptr<control::Directory> MakeDirectory(session::Context& context,
                                                  const std::vector<session::Context*>& contexts,
                                                  control::Directory& own, cluster::Cluster* cluster) {
  if (!cluster) return session::MakeNodeDirectory(context, contexts);
  return cluster::MakeClusterDirectory(context.loop, own, *cluster);
}

}  // namespace

LoopNode::LoopNode(net::Loop& loop, broker::LoopBroker broker, SharedParts shared, LiveSettings live,
                   const settings::Settings& settings, const std::vector<session::Context*>& contexts)
    : loop_(loop),
      broker_(std::move(broker)),
      publisher_(*broker_.broker, *broker_.presence, live.session->rules),
      hub_(loop, shared.hub_metrics, {.compression_min_bytes = settings.websocket.compression_min_size}),
      context_{.loop = loop,
               .broker = *broker_.broker,
               .presence = *broker_.presence,
               .publisher = publisher_,
               .hub = hub_,
               .metrics = shared.session_metrics,
               .settings = std::move(live.session),
               .tokens = std::move(live.tokens),
               .scope = scope_},
      own_directory_(session::MakeNodeDirectory(context_, contexts)),
      cluster_(MakeCluster(context_, *own_directory_, shared)),
      directory_(
          MakeDirectory(context_, contexts, *own_directory_, cluster_ ? cluster_.get() : shared.cluster)),
      method_services_{.publisher = publisher_, .directory = *directory_},
      api_(api::Api::Make(methods::RealtimeMethods(method_services_), live.api, shared.api_metrics)),
      tls_(std::move(live.tls)),
      limiter_(shared.limiter),
      probe_(loop, hub_, shared.registry) {
  context_.directory = directory_.get();
  broker_.broker->SetEvents(hub_);
  public_router_->AddTakeover(http::Method::kGet, settings.websocket.handler_prefix,
                              session::MakeWebsocketEndpoint(context_));
  if (settings.websocket.echo_for_test) {
    AddEchoRoutes(*public_router_, settings.websocket);
  }
  // With ports of their own for it, the API and the metrics are not on the public one.
  http::Router& operators =
      settings.http_server.internal_listen.empty() ? *public_router_ : *internal_router_;
  AddHealthRoutes(operators, settings, shared.health, shared.registry);
  api_->AddRoutes(operators);
  public_server_ = http::Server::Make(loop, public_router_, ServerOptions(settings, shared.http_metrics));
  internal_server_ = http::Server::Make(loop, internal_router_, ServerOptions(settings, shared.http_metrics));
}

Result<std::vector<Listening>> LoopNode::Listen(std::vector<Listening> public_addresses,
                                                std::vector<Listening> internal_addresses) {
  std::vector<Listening> bound;
  TM_TRY(ListenOn(public_addresses, *public_server_, public_listeners_, bound));
  TM_TRY(ListenOn(internal_addresses, *internal_server_, internal_listeners_, bound));
  return bound;
}

Result<void> LoopNode::ListenOn(const std::vector<Listening>& addresses, http::Server& server,
                                Listeners& listeners, std::vector<Listening>& bound) {
  for (const Listening& listening : addresses) {
    net::ListenerOptions options{.address = listening.address,
                                 .tls = listening.address.unix_path.empty() ? tls_ : nullptr,
                                 // The other loops share the port with the first; nobody else does.
                                 .refuse_shared_port = loop_.index() == 0,
                                 .shared_unix_fd = listening.shared_unix_fd,
                                 .limiter = &limiter_};
    TM_TRY_ASSIGN(auto listener, net::OpenListener(loop_, std::move(options), server));
    const bool is_unix = !listening.address.unix_path.empty();
    bound.push_back({listener->bound(), is_unix ? listener->fd() : -1});
    listeners.push_back(std::move(listener));
  }
  return {};
}

void LoopNode::Replace(LiveSettings live) {
  context_.settings = std::move(live.session);
  publisher_.ReplaceRules(context_.settings->rules);
  for (http::Server* server : {public_server_.get(), internal_server_.get()}) {
    server->ReplaceCors({.allowed_origins = context_.settings->client.allowed_origins});
  }
  context_.tokens = std::move(live.tokens);
  api_->ReplaceSettings(live.api);
  if (live.tls) {
    for (const auto& listener : public_listeners_) listener->ReplaceTls(live.tls);
    for (const auto& listener : internal_listeners_) listener->ReplaceTls(live.tls);
  }
}

void LoopNode::StopAccepting() {
  context_.draining = true;
  // Whoever asks on the internal ports how it is goes on being told.
  for (const auto& listener : public_listeners_) listener->StopAccepting();
  public_server_->Drain();
  internal_server_->Drain();
}

void LoopNode::EndSessions(std::size_t count) {
  for (session::Session* session : context_.registry.All()) {
    if (count-- == 0) return;
    session->Disconnect(protocol::kDisconnectShutdown);
  }
}

}  // namespace tidemill::server
