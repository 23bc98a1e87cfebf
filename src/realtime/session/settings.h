// Settings of sessions: client, and of the transports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/settings.h"
#include "base/clock.h"
#include "config/section_fwd.h"
#include "realtime/session/rate_limit_settings.h"

namespace tidemill::session {

struct WebsocketSettings {
  std::string handler_prefix = "/connection/websocket";
  std::uint32_t message_size_limit = 65536;
  bool compression = false;
  std::uint32_t compression_min_size = 128;  // publications below it are sent as they are
  std::uint32_t fragments_max = 16384;
  friend bool operator==(const WebsocketSettings&, const WebsocketSettings&) = default;
};

struct UniWebsocketSettings {
  bool enabled = false;
  std::string handler_prefix = "/connection/uni_websocket";
  std::uint32_t message_size_limit = 65536;
  bool compression = false;
  bool disable_disconnect_push = false;
  friend bool operator==(const UniWebsocketSettings&, const UniWebsocketSettings&) = default;
};

// Of a transport whose messages are the body of an HTTP response: sse, http_stream, uni_sse, uni_http_stream.
struct HttpStreamSettings {
  bool enabled = false;
  std::string handler_prefix;
  std::uint32_t max_request_body_size = 65536;
  // Of uni_sse and uni_http_stream.
  bool connect_codes_as_statuses = false;
  std::vector<std::string> connect_statuses;  // session/connect_status.h
  friend bool operator==(const HttpStreamSettings&, const HttpStreamSettings&) = default;
};

// Of the requests that clients of these send beside their streams.
struct EmulationSettings {
  std::string handler_prefix = "/emulation";
  std::uint32_t max_request_body_size = 65536;
  friend bool operator==(const EmulationSettings&, const EmulationSettings&) = default;
};

struct ClientSettings {
  auth::TokenSettings token;
  bool subscription_token_enabled = false;  // tokens of subscriptions are checked with the following
  auth::TokenSettings subscription_token;
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
  std::uint32_t queue_max_size = 1048576;             // bytes waiting for one connection
  std::uint32_t answer_max_size = 4 << 20;            // bytes of one answer
  std::uint64_t unread_answers_max_size = 256 << 20;  // bytes of large answers that wait, of all connections
  std::uint32_t history_max_publication_limit = 300;
  std::uint32_t recovery_max_publication_limit = 300;
  std::uint32_t commands_per_second = 0;  // 0: no limit
  RateLimitSettings connection_rate;
  RateLimitSettings user_rate;
  std::string user_rate_storage = "memory";  // or "redis"
  bool connect_include_server_time = false;
  bool subscribe_to_user_personal_channel = false;
  std::string personal_channel_namespace;
  bool single_connection = false;
  // Where every user has a personal channel; nullopt: nowhere.
  std::optional<std::string> PersonalNamespace() const {
    if (!subscribe_to_user_personal_channel) return std::nullopt;
    return personal_channel_namespace;
  }
  friend bool operator==(const ClientSettings&, const ClientSettings&) = default;
};

config::Section<WebsocketSettings> WebsocketSection();
config::Section<UniWebsocketSettings> UniWebsocketSection();
config::Section<HttpStreamSettings> HttpStreamSection();
// What uni_sse and uni_http_stream have besides.
config::Section<HttpStreamSettings> ConnectStatusSection();
config::Section<EmulationSettings> EmulationSection();
config::Section<ClientSettings> ClientSection();
// Where users' rates are counted: beside UserRateSection.
config::Section<ClientSettings> UserRateStorageSection();
// The switch of client.subscription_token; its keys are of auth::TokenSection.
config::Section<ClientSettings> SubscriptionTokenSection();

}  // namespace tidemill::session
