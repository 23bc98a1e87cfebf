#include "server/loop_server.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "net/tls.h"
#include "realtime/session/transports/http_streams.h"
#include "realtime/session/transports/websocket.h"
#include "server/console.h"
#include "server/method_roles.h"
#include "server/node_accounts.h"
#include "server/node_jobs.h"
#include "server/node_outbox.h"
#include "server/self_view.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr char kPublic[] = "public";
constexpr char kInternal[] = "internal";

http::ForwardedHeader ForwardedHeaderOf(const http::ServerSettings& http) {
  if (http.client_address_header.empty()) return http::ForwardedHeader::kEither;
  return http.client_address_header == "Forwarded" ? http::ForwardedHeader::kForwarded
                                                   : http::ForwardedHeader::kXForwardedFor;
}

http::RequestPolicy PolicyForOperators(const LiveSettings& live) {
  return {.cors = {.allowed_origins = live.session->client.allowed_origins},
          .proxies = live.proxies,
          .forwarded = ForwardedHeaderOf(live.http)};
}

http::RequestPolicy PolicyForClients(const LiveSettings& live) {
  http::RequestPolicy policy = PolicyForOperators(live);
  policy.hosts = live.http.allowed_hosts;
  return policy;
}

// Whose connections begin with a PROXY header.
std::shared_ptr<const net::Networks> ProxyProtocolFrom(const LiveSettings& live) {
  return live.http.proxy_protocol ? live.proxies : nullptr;
}

http::Server::Options ServerOptions(const settings::Settings& settings, Shared& shared) {
  const http::ServerSettings& http = settings.http_server;
  http::Server::Options options;
  options.limits.headers_timeout = http.headers_timeout;
  options.limits.body_timeout = http.body_timeout;
  options.limits.keep_alive_timeout = http.keep_alive_timeout;
  options.limits.body_bytes_max = http.max_request_body_bytes;
  options.limits.answer_timeout = http.answer_timeout;
  // Whoever reads a body itself says how long it may be.
  if (settings.chat.enabled) options.limits.streamed_body_bytes_max = std::size_t{1} << 40;
  options.metrics = &shared.http_metrics;
  options.buffers = &shared.http_buffers;
  return options;
}

}  // namespace

Result<std::vector<PortAddresses>> AddressesOf(const http::ServerSettings& settings) {
  std::vector<PortAddresses> addresses = {{.port = kPublic}, {.port = kInternal}};
  TM_TRY_ASSIGN(addresses[0].addresses, ParseAddresses(settings.listen));
  TM_TRY_ASSIGN(addresses[1].addresses, ParseAddresses(settings.internal_listen));
  return addresses;
}

LoopServer::LoopServer(LoopRealtime& realtime, control::Directory& directory, const Parts& parts,
                       Shared& shared, const Health& health, const settings::Settings& settings,
                       const LiveSettings& live)
    : realtime_(realtime),
      limiter_(*shared.limiter),
      tls_(live.tls),
      method_services_{.publisher = realtime.publisher(),
                       .maps = realtime.maps(),
                       .directory = directory,
                       .access = shared.access,
                       .access_store = parts.access_store,
                       .user_status = parts.user_status},
      api_(api::Api::Make(Methods(parts), live.api, shared.api_metrics, {}, PeopleOf(parts, settings))) {
  public_router_->AddTakeover(http::Method::kGet, settings.websocket.handler_prefix,
                              session::MakeWebsocketEndpoint(realtime.context()));
  if (settings.uni_websocket.enabled) {
    public_router_->AddTakeover(http::Method::kGet, settings.uni_websocket.handler_prefix,
                                session::MakeUniWebsocketEndpoint(realtime.context()));
  }
  session::AddHttpStreamRoutes(realtime.context(), *public_router_);
  // With ports of their own for it, the API and the metrics are not on the public one.
  http::Router& operators =
      settings.http_server.internal_listen.empty() ? *public_router_ : *internal_router_;
  AddHealthRoutes(operators, settings, health, shared.registry);
  api_->AddRoutes(operators);
  if (settings.console_enabled) AddConsoleRoutes(operators, settings);
  // Where people sign in to the console, if that is not the public port.
  if (settings.console_enabled && parts.accounts != nullptr && &operators != public_router_.get()) {
    parts.accounts->AddRoutes(realtime_.loop().index(), operators);
  }

  http::Server::Options options = ServerOptions(settings, shared);
  options.policy = PolicyForClients(live);
  public_server_ = http::Server::Make(realtime.loop(), public_router_, options);
  options.policy = PolicyForOperators(live);
  internal_server_ = http::Server::Make(realtime.loop(), internal_router_, std::move(options));
  ports_.emplace_back(kPublic, *public_server_,
                      PortOptions{.proxy_protocol_from = ProxyProtocolFrom(live),
                                  .proxy_headers_refused = &shared.http_metrics.proxy_headers_refused});
  ports_.emplace_back(
      kInternal, *internal_server_,
      PortOptions{.open_while_draining = true, .plain = settings.http_server.internal_plain_http});
}

// Of the HTTP API.
std::vector<api::Method> LoopServer::Methods(const Parts& parts) {
  std::vector<api::Method> methods = methods::RealtimeMethods(method_services_);
  const std::size_t loop = realtime_.loop().index();
  if (parts.jobs != nullptr) std::ranges::move(parts.jobs->MethodsFor(loop), std::back_inserter(methods));
  if (parts.outbox != nullptr) std::ranges::move(parts.outbox->MethodsFor(loop), std::back_inserter(methods));
  if (parts.accounts != nullptr) {
    std::ranges::move(parts.accounts->MethodsFor(loop), std::back_inserter(methods));
  }
  if (parts.self != nullptr) {
    std::ranges::move(parts.self->MethodsFor(realtime_.loop()), std::back_inserter(methods));
  }
  SetAdmissions(methods);
  return methods;
}

// Who may sign in: people with an account, where there is a console for them.
std::unique_ptr<api::People> LoopServer::PeopleOf(const Parts& parts, const settings::Settings& settings) {
  if (parts.accounts == nullptr || !settings.console_enabled) return nullptr;
  return parts.accounts->PeopleFor(realtime_.loop().index());
}

Result<void> LoopServer::OpenPorts(std::vector<PortAddresses>& addresses) {
  for (Port& port : ports_) {
    const auto found = std::ranges::find(addresses, port.name(), &PortAddresses::port);
    TM_ASSERT(found != addresses.end());
    TM_TRY_ASSIGN(found->addresses, port.Open(realtime_.loop(), found->addresses, tls_, limiter_));
  }
  return {};
}

Commit LoopServer::Prepare(const LiveSettings& live) {
  return [this, live] {
    public_server_->ReplacePolicy(PolicyForClients(live));
    internal_server_->ReplacePolicy(PolicyForOperators(live));
    api_->ReplaceSettings(live.api);
    ports_.front().ReplaceProxyProtocol(ProxyProtocolFrom(live));
    if (!live.tls) return;
    for (Port& port : ports_) port.ReplaceTls(live.tls);
  };
}

void LoopServer::Drain() {
  realtime_.context().draining = true;
  for (Port& port : ports_) port.Drain();
  public_server_->Drain();
  internal_server_->Drain();
}

}  // namespace tidemill::server
