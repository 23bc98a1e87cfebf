// Every setting of the server, typed, with its default. config/keys.cc gives each its name in files,
// environment and flags, its documentation and its range.
//
// Plain values, filled once by Load and then immutable; a reload makes a new one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tidemill::config {

// A value that is never printed: shown as "***" by every dump and log.
struct Secret {
  std::string value;
  bool empty() const { return value.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;
};

// An address that may have a password in it: printed with "***" in its place.
struct Address {
  std::string text;
  friend bool operator==(const Address&, const Address&) = default;
};

// Options of the channels of one namespace. All off unless a default is given.
struct ChannelOptions {
  bool presence = false;
  bool join_leave = false;
  bool force_push_join_leave = false;
  std::uint32_t history_size = 0;
  Duration history_ttl{};
  Duration history_meta_ttl{};  // 0: channel.history_meta_ttl
  bool force_positioning = false;
  bool allow_positioning = false;
  bool force_recovery = false;
  bool allow_recovery = false;
  std::string force_recovery_mode;  // "", "stream" or "cache"
  bool auto_cache_recover = false;
  bool allow_subscribe_for_client = false;
  bool allow_subscribe_for_anonymous = false;
  bool allow_publish_for_client = false;
  bool allow_publish_for_subscriber = false;
  bool allow_publish_for_anonymous = false;
  bool allow_presence_for_client = false;
  bool allow_presence_for_subscriber = false;
  bool allow_presence_for_anonymous = false;
  bool allow_history_for_client = false;
  bool allow_history_for_subscriber = false;
  bool allow_history_for_anonymous = false;
  bool allow_user_limited_channels = false;
  std::string channel_regex;            // what follows the namespace must match it; "" any
  std::string publication_data_format;  // "", "json", "json_object" or "binary"
  friend bool operator==(const ChannelOptions&, const ChannelOptions&) = default;
};

struct TokenSettings {
  Secret hmac_secret_key;
  Secret hmac_previous_secret_key;
  std::int64_t hmac_previous_secret_key_valid_until = 0;  // seconds since the Unix epoch; 0: no end
  std::string rsa_public_key;                             // PEM
  std::string ecdsa_public_key;                           // PEM
  std::string ed25519_public_key;                         // PEM
  std::string jwks_public_endpoint;
  std::string audience;
  std::string issuer;
  std::string user_id_claim;  // "" : sub
  Duration leeway = Seconds(0);
  friend bool operator==(const TokenSettings&, const TokenSettings&) = default;
};

struct HttpServerSettings {
  std::vector<std::string> listen = {"127.0.0.1:8000"};  // http_server.listen
  std::vector<std::string> internal_listen;              // API, metrics, health there only when given
  std::string tls_cert_file;
  std::string tls_key_file;
  std::uint32_t connection_limit = 0;  // client.connection_limit
  std::uint32_t connection_limit_per_address = 0;
  std::uint64_t max_request_body_bytes = 4 * 1024 * 1024;
  Duration headers_timeout = Seconds(10);
  Duration body_timeout = Seconds(30);
  Duration keep_alive_timeout = Seconds(75);
  friend bool operator==(const HttpServerSettings&, const HttpServerSettings&) = default;
};

struct HttpApiSettings {
  std::vector<Secret> keys;  // http_api.key: one, or a list while one replaces another
  bool insecure = false;     // no key asked for
  std::string error_mode;    // "" (errors in the body, status 200) or "transport"
  std::string handler_prefix = "/api";
  friend bool operator==(const HttpApiSettings&, const HttpApiSettings&) = default;
};

struct WebsocketSettings {
  std::string handler_prefix = "/connection/websocket";
  std::uint32_t message_size_limit = 65536;
  bool compression = false;
  std::uint32_t compression_min_size = 128;  // publications below it are sent as they are
  std::uint32_t fragments_max = 16384;
  bool echo_for_test = false;  // an echo instead of the protocol, for conformance suites
  friend bool operator==(const WebsocketSettings&, const WebsocketSettings&) = default;
};

struct ClientSettings {
  TokenSettings token;
  std::optional<TokenSettings> subscription_token;  // client.subscription_token.enabled
  std::vector<std::string> allowed_origins;
  bool allow_anonymous_connect_without_token = false;
  bool disallow_anonymous_connection_tokens = false;
  bool insecure = false;
  bool insecure_skip_token_signature_verify = false;
  Duration ping_interval = Seconds(25);
  Duration pong_timeout = Seconds(8);
  Duration stale_close_delay = Seconds(10);
  Duration expired_close_delay = Seconds(25);
  Duration expired_sub_close_delay = Seconds(25);
  Duration presence_update_interval = Seconds(27);
  Duration channel_position_check_delay = Seconds(40);  // 0: off
  std::uint32_t channel_limit = 128;
  std::uint32_t user_connection_limit = 0;
  std::uint32_t queue_max_size = 1048576;  // bytes waiting for one connection
  std::uint32_t history_max_publication_limit = 300;
  std::uint32_t recovery_max_publication_limit = 300;
  std::uint32_t commands_per_second = 0;  // 0: no limit
  bool connect_include_server_time = false;
  bool subscribe_to_user_personal_channel = false;
  std::string personal_channel_namespace;
  bool single_connection = false;
  friend bool operator==(const ClientSettings&, const ClientSettings&) = default;
};

struct ChannelSettings {
  std::uint32_t max_length = 255;
  Duration history_meta_ttl = Hours(720);
  ChannelOptions without_namespace;
  std::map<std::string, ChannelOptions> namespaces;
  friend bool operator==(const ChannelSettings&, const ChannelSettings&) = default;
};

// Redis as the broker. At most one of the three lists is given; config/redis_address.h says how addresses
// look.
struct RedisSettings {
  std::vector<Address> address;           // one server, or several that share the channels out among them
  std::vector<Address> cluster_address;   // some nodes of a Redis Cluster
  std::vector<Address> sentinel_address;  // sentinels that know where the primary is
  std::string sentinel_master_name;
  std::string sentinel_user;
  Secret sentinel_password;
  std::string user;  // here and below: where an address does not say it itself
  Secret password;
  std::uint32_t db = 0;
  bool tls_enabled = false;
  std::string tls_ca_file;      // "": the system's authorities
  std::string tls_server_name;  // "": the host of the address
  std::string prefix = "tidemill";
  std::string client_name = "tidemill";
  Duration connect_timeout = Seconds(1);
  Duration io_timeout = Seconds(4);
  Duration presence_ttl = Seconds(60);
  Duration ready_grace = Seconds(5);
  bool sharded_pub_sub = true;     // in a cluster
  std::string plant_bug_for_test;  // a fault that the checkers of tests/faults must find; "": none
  bool given() const { return !address.empty() || !cluster_address.empty() || !sentinel_address.empty(); }
  friend bool operator==(const RedisSettings&, const RedisSettings&) = default;
};

struct BrokerSettings {
  std::string type = "memory";  // or "redis"
  std::uint64_t history_bytes_max = std::uint64_t{1} << 30;
  std::uint32_t mailbox_messages_max = 100'000;
  std::uint32_t presence_entries_max = 1'000'000;
  RedisSettings redis;
  friend bool operator==(const BrokerSettings&, const BrokerSettings&) = default;
};

struct LogSettings {
  std::string level = "info";   // debug info warn error off
  std::string format = "text";  // text json
  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

struct Settings {
  std::string node_name;    // "": host name and port
  std::uint32_t loops = 0;  // 0: one per core
  HttpServerSettings http_server;
  HttpApiSettings http_api;
  WebsocketSettings websocket;
  ClientSettings client;
  ChannelSettings channel;
  BrokerSettings broker;
  LogSettings log;
  bool health_enabled = true;
  bool prometheus_enabled = true;
  Duration shutdown_timeout = Seconds(30);
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace tidemill::config
