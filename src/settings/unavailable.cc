#include "settings/unavailable.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace tidemill::settings {
namespace {

// Matches the setting of that name and, for a group, all below it. Written with '_' for '.', as the
// environment writes it.
struct Unavailable {
  std::string_view name;
  std::string_view instead;  // what to do; "" when there is nothing like it
};

constexpr Unavailable kSettings[] = {
    {"admin", ""},
    {"broker_enabled", "choose with broker.type"},
    {"broker_nats", ""},
    {"broker_postgres", ""},
    {"broker_redis_force_resp2", "RESP2 is what is spoken; remove it"},
    {"broker_redis_history_use_lists", ""},
    {"broker_redis_replica_client", ""},
    {"broker_redis_sentinel_client_name", "broker.redis.client_name is used; remove it"},
    {"broker_redis_sentinel_tls", "broker.redis.tls holds for the sentinels too"},
    {"broker_redis_tls", "tls.enabled, tls.server_ca_pem and tls.server_name are there"},
    {"broker_redisnats", ""},
    {"channel_namespace_boundary", "the boundary is \":\""},
    {"channel_private_prefix", "the prefix is \"$\""},
    {"channel_proxy_subscribe_stream",
     "it needs gRPC; use channel.proxy.subscribe, and let the service publish over the HTTP API"},
    {"channel_publication_data_format", "set it for channel.without_namespace and for each namespace"},
    {"channel_user_boundary", "the boundary is \"#\""},
    {"channel_user_separator", "the separator is \",\""},
    {"client_channel_position_max_time_lag", ""},
    {"client_concurrency", "commands of a connection are answered in order; remove it"},
    {"client_connect_code_to_unidirectional_disconnect", ""},
    {"client_connection_rate_limit", ""},
    {"client_subscription_token_audience_regex", ""},
    {"client_subscription_token_insecure_skip_jwks_endpoint_safety_check", ""},
    {"client_subscription_token_issuer_regex", ""},
    {"client_token_audience_regex", ""},
    {"client_token_insecure_skip_jwks_endpoint_safety_check", ""},
    {"client_token_issuer_regex", ""},
    {"client_user_id_http_header", ""},
    {"consumers", ""},
    {"controller", ""},
    {"debug", ""},
    {"enable_unreleased_features", ""},
    {"engine", "choose with broker.type, and broker.redis"},
    {"graphite", "scrape /metrics"},
    {"grpc_api", "use the HTTP API"},
    {"health_handler_prefix", "the path is /health"},
    {"http_api_disabled", "set http_server.internal_listen to keep it from the outside"},
    {"http_api_external", ""},
    {"http_server_address", "use http_server.listen"},
    {"http_server_h2c_external", ""},
    {"http_server_http3", ""},
    {"http_server_internal_address", "use http_server.internal_listen"},
    {"http_server_internal_port", "use http_server.internal_listen"},
    {"http_server_internal_tls", ""},
    {"http_server_port", "use http_server.listen"},
    {"http_server_tls_autocert", ""},
    {"http_server_tls_enabled", "TLS is on when tls.cert_pem and tls.key_pem are given; remove it"},
    {"http_server_tls_external", ""},
    {"http_server_tls", "tls.cert_pem and tls.key_pem are there"},
    {"init", ""},
    {"log_file", "the log goes to standard error"},
    {"map_broker", "maps live where the broker is"},
    {"node_info_metrics_aggregate_interval", ""},
    {"opentelemetry", ""},
    {"pid_file", ""},
    {"presence_manager", "presence lives where the broker is; broker.redis.presence_ttl"},
    {"prometheus_handler_prefix", "the path is /metrics"},
    {"prometheus_instrument_http_handlers", ""},
    {"prometheus_native_histograms", ""},
    {"prometheus_recovered_publications_histogram", ""},
    {"rpc_namespace_boundary", "the boundary is \":\""},
    {"shared_poll_concurrency_limit", "http.connections_max of the proxy bounds the calls of each loop"},
    {"swagger", ""},
    {"token_revoke", "access.storage says where revoked tokens are kept"},
    {"uni_grpc", "use uni_websocket, uni_sse or uni_http_stream"},
    {"uni_websocket_compression_level", ""},
    {"uni_websocket_compression_min_size", "websocket.compression_min_size holds for both"},
    {"uni_websocket_decompressed_message_size_limit",
     "uni_websocket.message_size_limit counts after inflating"},
    {"uni_websocket_disable_closing_handshake", ""},
    {"uni_websocket_join_push_messages", "each message is a frame of its own"},
    {"uni_websocket_read_buffer_size", "there is nothing to tune; remove it"},
    {"uni_websocket_use_write_buffer_pool", "there is nothing to tune; remove it"},
    {"uni_websocket_write_buffer_size", "there is nothing to tune; remove it"},
    {"uni_websocket_write_timeout", "client.queue_max_size bounds what waits"},
    {"user_block", "access.storage says where blocked users are kept"},
    {"user_status_redis", "it is the broker's; user_status.storage"},
    {"user_tokens_invalidate", "access.storage says where revoked tokens are kept"},
    {"usage_stats", "nothing is sent anywhere; remove it"},
    {"websocket_compression_level", ""},
    {"websocket_decompressed_message_size_limit", "websocket.message_size_limit counts after inflating"},
    {"websocket_disabled", ""},
    {"websocket_read_buffer_size", "there is nothing to tune; remove it"},
    {"websocket_use_write_buffer_pool", "there is nothing to tune; remove it"},
    {"websocket_write_buffer_size", "there is nothing to tune; remove it"},
    {"websocket_write_timeout", "client.queue_max_size bounds what waits"},
    {"webtransport", "use websocket, sse or http_stream"},
};

constexpr Unavailable kOptions[] = {
    {"shared_poll_keep_latest_data", "the newest data of keys are always kept; remove it"},
    {"shared_poll_publish_enabled",
     "a shorter shared_poll.refresh_interval, or a map channel, tells of changes sooner"},
    {"subscribe_stream_proxy",
     "it needs gRPC; use subscribe_proxy_enabled, and let the service publish over the HTTP API"},
};

constexpr Unavailable kProxyKeys[] = {
    {"grpc_metadata", "proxies speak HTTP: use http_headers"},
    {"grpc", "proxies speak HTTP: give an http or https endpoint"},
    {"http_tls_client_ca_pem", "it is a server's; use http.tls.server_ca_pem"},
    {"http_tls_server_name", "the name is that of the endpoint"},
};

constexpr std::string_view kProxies[] = {
    "client_proxy_connect_",
    "client_proxy_refresh_",
    "channel_proxy_subscribe_",
    "channel_proxy_publish_",
    "channel_proxy_sub_refresh_",
    "channel_proxy_map_publish_",
    "channel_proxy_map_remove_",
    "channel_proxy_shared_poll_refresh_",
    "rpc_proxy_",
};

std::string Underscored(std::string_view key) {
  std::string out(key);
  for (char& c : out) {
    if (c == '.') c = '_';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<std::string> Why(std::string_view key, std::span<const Unavailable> table) {
  const std::string name = Underscored(key);
  const auto found = std::ranges::find_if(table, [&name](const Unavailable& row) {
    return name.starts_with(row.name) && (name.size() == row.name.size() || name[row.name.size()] == '_');
  });
  if (found == table.end()) return std::nullopt;
  return fmt::format("a setting of Centrifugo that is not available in this version{}{}",
                     found->instead.empty() ? "" : "; ", found->instead);
}

}  // namespace

std::optional<std::string> WhyUnavailable(std::string_view key) {
  constexpr std::string_view kWithoutNamespace = "channel_without_namespace_";
  const std::string name = Underscored(key);
  if (name.starts_with(kWithoutNamespace)) {
    return Why(std::string_view(name).substr(kWithoutNamespace.size()), kOptions);
  }
  for (const std::string_view proxy : kProxies) {
    if (name.starts_with(proxy)) {
      if (auto why = Why(std::string_view(name).substr(proxy.size()), kProxyKeys)) return why;
    }
  }
  return Why(name, kSettings);
}

std::optional<std::string> WhyProxyKeyUnavailable(std::string_view key) { return Why(key, kProxyKeys); }

std::optional<std::string> WhyOptionUnavailable(std::string_view option) { return Why(option, kOptions); }

}  // namespace tidemill::settings
