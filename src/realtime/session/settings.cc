#include "realtime/session/settings.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "config/duration.h"
#include "config/section.h"
#include "http/origin.h"
#include "http/settings.h"
#include "realtime/session/connect_status.h"

namespace tidemill::session {
namespace {

constexpr config::Row<WebsocketSettings> kWebsocket[] = {
    {"handler_prefix",
     config::Of<&WebsocketSettings::handler_prefix>,
     {.doc = "Path that WebSocket clients connect to.", .reload = config::Reload::kNo}},
    {"message_size_limit",
     config::Of<&WebsocketSettings::message_size_limit>,
     {.doc = "The longest message a client may send, in bytes, after inflating.",
      .min = 128,
      .max = 64 << 20}},
    {"compression",
     config::Of<&WebsocketSettings::compression>,
     {.doc = "Offers permessage-deflate; a publication is compressed once for all its subscribers."}},
    {"compression_min_size",
     config::Of<&WebsocketSettings::compression_min_size>,
     {.doc = "Publications of fewer bytes are sent as they are.",
      .max = 1 << 20,
      .reload = config::Reload::kNo}},
    {"fragments_max",
     config::Of<&WebsocketSettings::fragments_max>,
     {.doc = "Frames that one message of a client may be cut into.", .min = 1, .max = 1 << 20}},
};

constexpr config::Row<HttpStreamSettings> kHttpStream[] = {
    {"enabled",
     config::Of<&HttpStreamSettings::enabled>,
     {.doc = "Lets clients connect with this transport.", .reload = config::Reload::kNo}},
    {"handler_prefix",
     config::Of<&HttpStreamSettings::handler_prefix>,
     {.doc = "Path that its clients connect to.", .reload = config::Reload::kNo}},
    {"max_request_body_size",
     config::Of<&HttpStreamSettings::max_request_body_size>,
     {.doc = "The longest body of the request that connects, in bytes.", .min = 128, .max = 64 << 20}},
};

constexpr config::Row<HttpStreamSettings> kConnectStatus[] = {
    {"connect_code_to_http_response.enabled",
     config::Of<&HttpStreamSettings::connect_codes_as_statuses>,
     {.doc = "Answers a refused connect with an HTTP status, and not with a disconnect on the stream."}},
    {"connect_code_to_http_response.transforms",
     config::Of<&HttpStreamSettings::connect_statuses>,
     {.doc = "Statuses of codes, each as \"CODE STATUS BODY\": \"3500 401 log in again\"; without a body the "
             "code's own text is it. Other codes are 400, 401, 403, 429, 503 or 500, by what they mean."}},
};

constexpr config::Row<UniWebsocketSettings> kUniWebsocket[] = {
    {"enabled",
     config::Of<&UniWebsocketSettings::enabled>,
     {.doc = "Lets clients connect with this transport.", .reload = config::Reload::kNo}},
    {"handler_prefix",
     config::Of<&UniWebsocketSettings::handler_prefix>,
     {.doc = "Path that its clients connect to.", .reload = config::Reload::kNo}},
    {"message_size_limit",
     config::Of<&UniWebsocketSettings::message_size_limit>,
     {.doc = "The longest connect request, in bytes, after inflating.", .min = 128, .max = 64 << 20}},
    {"compression",
     config::Of<&UniWebsocketSettings::compression>,
     {.doc = "Offers permessage-deflate; websocket.compression_min_size holds here too."}},
    {"disable_disconnect_push",
     config::Of<&UniWebsocketSettings::disable_disconnect_push>,
     {.doc = "Tells why a connection ends in the close frame only, and not in a message before it."}},
};

constexpr config::Row<EmulationSettings> kEmulation[] = {
    {"handler_prefix",
     config::Of<&EmulationSettings::handler_prefix>,
     {.doc = "Path to which clients of sse and http_stream send what they say.",
      .reload = config::Reload::kNo}},
    {"max_request_body_size",
     config::Of<&EmulationSettings::max_request_body_size>,
     {.doc = "The longest body of such a request, in bytes; its commands wait in the session's memory.",
      .min = 128,
      .max = 512 << 10}},
};

constexpr config::Row<ClientSettings> kClient[] = {
    {"allowed_origins",
     config::Of<&ClientSettings::allowed_origins>,
     {.doc =
          "Origins of web pages that may connect: \"https://*.example.com\", \"http://localhost:*\" for each "
          "port, \"null\", \"*\" for any; other patterns are globs over the whole origin. When empty, pages "
          "of "
          "the same host may."}},
    {"insecure",
     config::Of<&ClientSettings::insecure>,
     {.doc = "Clients need no token and may do whatever is not switched off. For development."}},
    {"insecure_skip_token_signature_verify",
     config::Of<&ClientSettings::insecure_skip_token_signature_verify>,
     {.doc = "Believes tokens without checking who signed them. For development."}},
    {"allow_anonymous_connect_without_token",
     config::Of<&ClientSettings::allow_anonymous_connect_without_token>,
     {.doc = "Clients without a token connect as the anonymous user."}},
    {"disallow_anonymous_connection_tokens",
     config::Of<&ClientSettings::disallow_anonymous_connection_tokens>,
     {.doc = "Refuses connection tokens without a user."}},
    {"ping_interval",
     config::Of<&ClientSettings::ping_interval>,
     {.doc = "How often the server pings a client.", .min = config::kSecond, .max = config::kHour}},
    {"pong_timeout",
     config::Of<&ClientSettings::pong_timeout>,
     {.doc = "How long a client may take to answer a ping; less than ping_interval.",
      .min = 100,
      .max = config::kHour}},
    {"stale_close_delay",
     config::Of<&ClientSettings::stale_close_delay>,
     {.doc = "Closes a connection that has not sent connect by then.", .min = 100, .max = config::kHour}},
    {"expired_close_delay",
     config::Of<&ClientSettings::expired_close_delay>,
     {.doc = "How long a client with an expired token may take to refresh it.", .max = 24 * config::kHour}},
    {"expired_sub_close_delay",
     config::Of<&ClientSettings::expired_sub_close_delay>,
     {.doc = "The same for the token of a subscription.", .max = 24 * config::kHour}},
    {"presence_update_interval",
     config::Of<&ClientSettings::presence_update_interval>,
     {.doc = "With Redis: how often a node renews the presence of its clients; less than "
             "broker.redis.presence_ttl.",
      .min = 100,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"channel_position_check_delay",
     config::Of<&ClientSettings::channel_position_check_delay>,
     {.doc = "With Redis: how long a node hears nothing of a channel with positions before it compares its "
             "position; 0s: never.",
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"channel_limit",
     config::Of<&ClientSettings::channel_limit>,
     {.doc = "Channels that one connection may be subscribed to.", .min = 1, .max = 1'000'000}},
    {"user_connection_limit",
     config::Of<&ClientSettings::user_connection_limit>,
     {.doc = "Connections that one user may have; 0: any number."}},
    {"queue_max_size",
     config::Of<&ClientSettings::queue_max_size>,
     {.doc = "Bytes that may wait for one connection, beside one answer that it asked for; a slower client "
             "is closed.",
      .min = 4096,
      .max = config::kGiB}},
    {"answer_max_size",
     config::Of<&ClientSettings::answer_max_size>,
     {.doc =
          "Bytes of one answer to a client. A larger history or presence is error 106; a larger recovery is "
          "not recovered.",
      .min = 64 << 10,
      .max = config::kGiB}},
    {"unread_answers_max_size",
     config::Of<&ClientSettings::unread_answers_max_size>,
     {.doc = "Bytes of large answers that may wait until their clients have read them, over all connections; "
             "further ones are error 111.",
      .min = 1 << 20,
      .max = 64 * config::kGiB}},
    {"history_max_publication_limit",
     config::Of<&ClientSettings::history_max_publication_limit>,
     {.doc = "Publications that one history call of a client may give.", .min = 1, .max = 1'000'000}},
    {"recovery_max_publication_limit",
     config::Of<&ClientSettings::recovery_max_publication_limit>,
     {.doc = "Publications that one recovery may give.", .min = 1, .max = 1'000'000}},
    {"commands_per_second",
     config::Of<&ClientSettings::commands_per_second>,
     {.doc =
          "Commands that one connection may send, together with pings, pongs and fragments of messages; 0: "
          "any number. A connection that sends more than its share of a loop's time waits for the others in "
          "any case."}},
    {"connect_include_server_time",
     config::Of<&ClientSettings::connect_include_server_time>,
     {.doc = "Tells the server's time in the answer to connect."}},
    {"subscribe_to_user_personal_channel.enabled",
     config::Of<&ClientSettings::subscribe_to_user_personal_channel>,
     {.doc = "Subscribes each connection with a user to that user's own channel, \"#user\"."}},
    {"subscribe_to_user_personal_channel.personal_channel_namespace",
     config::Of<&ClientSettings::personal_channel_namespace>,
     {.doc = "Namespace of the personal channels."}},
    {"subscribe_to_user_personal_channel.single_connection",
     config::Of<&ClientSettings::single_connection>,
     {.doc = "A user's new connection closes the older ones."}},
};

constexpr std::array<std::string_view, 2> kRateStorages = {"memory", "redis"};
constexpr config::Row<ClientSettings> kUserRateStorage[] = {
    {"storage",
     config::Of<&ClientSettings::user_rate_storage>,
     {.doc = "Where what users send is counted: \"memory\", on each node for itself; \"redis\", the "
             "broker's, over all "
             "nodes. While Redis does not answer, each node counts for itself.",
      .choices = kRateStorages,
      .reload = config::Reload::kNo}},
};

constexpr config::Row<ClientSettings> kSubscriptionToken[] = {
    {"enabled",
     config::Of<&ClientSettings::subscription_token_enabled>,
     {.doc = "Tokens of subscriptions are checked with these keys and not with client.token's."}},
};

void CheckWebsocket(const WebsocketSettings& settings, const std::string& prefix,
                    config::Findings& findings) {
  http::CheckPathPrefix(prefix + "handler_prefix", settings.handler_prefix, findings);
}

void CheckHttpStream(const HttpStreamSettings& settings, const std::string& prefix,
                     config::Findings& findings) {
  http::CheckPathPrefix(prefix + "handler_prefix", settings.handler_prefix, findings);
}

void CheckConnectStatus(const HttpStreamSettings& settings, const std::string& prefix,
                        config::Findings& findings) {
  for (const std::string& text : settings.connect_statuses) {
    if (const auto parsed = ParseConnectStatus(text); !parsed) {
      findings.push_back(
          {.key = prefix + "connect_code_to_http_response.transforms", .text = ": " + parsed.error().detail});
    }
  }
}

void CheckUniWebsocket(const UniWebsocketSettings& settings, const std::string& prefix,
                       config::Findings& findings) {
  http::CheckPathPrefix(prefix + "handler_prefix", settings.handler_prefix, findings);
}

void CheckEmulation(const EmulationSettings& settings, const std::string& prefix,
                    config::Findings& findings) {
  http::CheckPathPrefix(prefix + "handler_prefix", settings.handler_prefix, findings);
}

void CheckClient(const ClientSettings& client, const std::string& prefix, config::Findings& findings) {
  for (const std::string& pattern : client.allowed_origins) {
    if (const Result<void> checked = http::CheckOriginPattern(pattern); !checked) {
      findings.push_back({.key = prefix + "allowed_origins", .text = ": " + checked.error().detail});
    }
  }
  if (client.pong_timeout < client.ping_interval) return;
  findings.push_back({.key = prefix + "pong_timeout",
                      .others = {prefix + "ping_interval"},
                      .text = fmt::format(" = \"{}\": must be less than {}ping_interval, \"{}\"",
                                          config::ToString(client.pong_timeout), prefix,
                                          config::ToString(client.ping_interval))});
}

void CheckSubscriptionToken(const ClientSettings& client, const std::string& prefix,
                            config::Findings& findings) {
  if (client.subscription_token_enabled || client.subscription_token == auth::TokenSettings{}) return;
  findings.push_back(
      {.key = prefix + "enabled",
       .text = " = false: keys of client.subscription_token are given; set it to true, or remove them"});
}

}  // namespace

config::Section<WebsocketSettings> WebsocketSection() {
  return {.rows = kWebsocket, .check = CheckWebsocket};
}

config::Section<HttpStreamSettings> HttpStreamSection() {
  return {.rows = kHttpStream, .check = CheckHttpStream};
}

config::Section<HttpStreamSettings> ConnectStatusSection() {
  return {.rows = kConnectStatus, .check = CheckConnectStatus};
}

config::Section<UniWebsocketSettings> UniWebsocketSection() {
  return {.rows = kUniWebsocket, .check = CheckUniWebsocket};
}

config::Section<EmulationSettings> EmulationSection() {
  return {.rows = kEmulation, .check = CheckEmulation};
}

config::Section<ClientSettings> ClientSection() { return {.rows = kClient, .check = CheckClient}; }

config::Section<ClientSettings> UserRateStorageSection() { return {.rows = kUserRateStorage}; }

config::Section<ClientSettings> SubscriptionTokenSection() {
  return {.rows = kSubscriptionToken, .check = CheckSubscriptionToken};
}

}  // namespace tidemill::session
