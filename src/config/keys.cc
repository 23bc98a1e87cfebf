#include "config/keys.h"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "config/load.h"

namespace tidemill::config {
namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kYear = 8760 * kHour;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;

constexpr std::array<std::string_view, 3> kRecoveryModes = {"", "stream", "cache"};
constexpr std::array<std::string_view, 4> kDataFormats = {"", "json", "json_object", "binary"};
constexpr std::array<std::string_view, 2> kErrorModes = {"", "transport"};
constexpr std::array<std::string_view, 2> kBrokerTypes = {"memory", "redis"};
constexpr std::array<std::string_view, 5> kLogLevels = {"debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 2> kLogFormats = {"text", "json"};

// A key of a section, whose values live in an `Owner`.
template <class Owner>
struct Row {
  std::string_view name;
  Field (*field)(Owner&);
  Facts facts;
};

// The member of an owner, as a field: Of<&LogSettings::level>.
template <auto kMember>
constexpr auto Of = []<class Owner, class T>(T Owner::*) {
  return +[](Owner& owner) -> Field { return &(owner.*kMember); };
}(kMember);

constexpr Row<Settings> kProcess[] = {
    {"node.name",
     Of<&Settings::node_name>,
     {.doc = "Name of this node in answers and logs; host name and port when empty."}},
    {"loops",
     Of<&Settings::loops>,
     {.doc = "Event loops, each on a thread of its own; 0: one per core.", .max = 64, .reload = Reload::kNo}},
    {"shutdown.timeout",
     Of<&Settings::shutdown_timeout>,
     {.doc = "How long a stop waits for connections to be closed in order.", .max = kHour}},
    {"health.enabled", Of<&Settings::health_enabled>, {.doc = "Serves /health.", .reload = Reload::kNo}},
    {"prometheus.enabled",
     Of<&Settings::prometheus_enabled>,
     {.doc = "Serves /metrics in the Prometheus text format.", .reload = Reload::kNo}},
};

constexpr Row<LogSettings> kLog[] = {
    {"level",
     Of<&LogSettings::level>,
     {.doc = "The least important lines that are written.", .choices = kLogLevels}},
    {"format",
     Of<&LogSettings::format>,
     {.doc = "One line of text, or one JSON object, per event.", .choices = kLogFormats}},
};

constexpr Row<HttpServerSettings> kHttpServer[] = {
    {"listen",
     Of<&HttpServerSettings::listen>,
     {.doc = "Addresses to listen on: \"127.0.0.1:8000\", \"[::1]:8000\", \":8000\" for all, "
             "\"unix:/run/tidemill.sock\".",
      .reload = Reload::kNo}},
    {"internal_listen",
     Of<&HttpServerSettings::internal_listen>,
     {.doc = "When given, the API, metrics and health are served on these addresses only.",
      .reload = Reload::kNo}},
    {"tls.cert_pem",
     Of<&HttpServerSettings::tls_cert_file>,
     {.doc = "File with the certificate chain in PEM, leaf first. With tls.key_pem, clients are served over "
             "TLS."}},
    {"tls.key_pem",
     Of<&HttpServerSettings::tls_key_file>,
     {.doc = "File with the certificate's private key in PEM."}},
    {"max_request_body_bytes",
     Of<&HttpServerSettings::max_request_body_bytes>,
     {.doc = "The longest body of a request.", .min = 1024, .max = kGiB, .reload = Reload::kNo}},
    {"headers_timeout",
     Of<&HttpServerSettings::headers_timeout>,
     {.doc = "Until the headers of a request are there.", .min = 100, .max = kHour, .reload = Reload::kNo}},
    {"body_timeout",
     Of<&HttpServerSettings::body_timeout>,
     {.doc = "From the headers until the body of a request is there.",
      .min = 100,
      .max = kHour,
      .reload = Reload::kNo}},
    {"keep_alive_timeout",
     Of<&HttpServerSettings::keep_alive_timeout>,
     {.doc = "How long a connection may wait between requests.",
      .min = 100,
      .max = 24 * kHour,
      .reload = Reload::kNo}},
};

constexpr Row<HttpApiSettings> kHttpApi[] = {
    {"key",
     Of<&HttpApiSettings::keys>,
     {.doc = "Key that callers of the HTTP API send as X-API-Key; several while one replaces another."}},
    {"insecure",
     Of<&HttpApiSettings::insecure>,
     {.doc = "Anybody may call the HTTP API, without a key. For development."}},
    {"error_mode",
     Of<&HttpApiSettings::error_mode>,
     {.doc = "\"\": errors stand in the body of a 200. \"transport\": as HTTP status too.",
      .choices = kErrorModes}},
    {"handler_prefix",
     Of<&HttpApiSettings::handler_prefix>,
     {.doc = "Path of the HTTP API.", .reload = Reload::kNo}},
};

constexpr Row<WebsocketSettings> kWebsocket[] = {
    {"handler_prefix",
     Of<&WebsocketSettings::handler_prefix>,
     {.doc = "Path that WebSocket clients connect to.", .reload = Reload::kNo}},
    {"message_size_limit",
     Of<&WebsocketSettings::message_size_limit>,
     {.doc = "The longest message a client may send, in bytes, after inflating.",
      .min = 128,
      .max = 64 << 20}},
    {"compression",
     Of<&WebsocketSettings::compression>,
     {.doc = "Offers permessage-deflate; a publication is compressed once for all its subscribers."}},
    {"compression_min_size",
     Of<&WebsocketSettings::compression_min_size>,
     {.doc = "Publications of fewer bytes are sent as they are.", .max = 1 << 20, .reload = Reload::kNo}},
    {"fragments_max",
     Of<&WebsocketSettings::fragments_max>,
     {.doc = "Frames that one message of a client may be cut into.", .min = 1, .max = 1 << 20}},
    {"echo_for_test",
     Of<&WebsocketSettings::echo_for_test>,
     {.doc = "Serves an echo at the WebSocket path, for conformance suites.",
      .reload = Reload::kNo,
      .shown = Shown::kNo}},
};

constexpr Row<ClientSettings> kClient[] = {
    {"allowed_origins",
     Of<&ClientSettings::allowed_origins>,
     {.doc = "Web pages that may connect: \"https://*.example.com\", \"*\" for any; when empty, those of the "
             "same host."}},
    {"insecure",
     Of<&ClientSettings::insecure>,
     {.doc = "Clients need no token and may do whatever is not switched off. For development."}},
    {"insecure_skip_token_signature_verify",
     Of<&ClientSettings::insecure_skip_token_signature_verify>,
     {.doc = "Believes tokens without checking who signed them. For development."}},
    {"allow_anonymous_connect_without_token",
     Of<&ClientSettings::allow_anonymous_connect_without_token>,
     {.doc = "Clients without a token connect as the anonymous user."}},
    {"disallow_anonymous_connection_tokens",
     Of<&ClientSettings::disallow_anonymous_connection_tokens>,
     {.doc = "Refuses connection tokens without a user."}},
    {"ping_interval",
     Of<&ClientSettings::ping_interval>,
     {.doc = "How often the server pings a client.", .min = kSecond, .max = kHour}},
    {"pong_timeout",
     Of<&ClientSettings::pong_timeout>,
     {.doc = "How long a client may take to answer a ping; less than ping_interval.",
      .min = 100,
      .max = kHour}},
    {"stale_close_delay",
     Of<&ClientSettings::stale_close_delay>,
     {.doc = "Closes a connection that has not sent connect by then.", .min = 100, .max = kHour}},
    {"expired_close_delay",
     Of<&ClientSettings::expired_close_delay>,
     {.doc = "How long a client with an expired token may take to refresh it.", .max = 24 * kHour}},
    {"expired_sub_close_delay",
     Of<&ClientSettings::expired_sub_close_delay>,
     {.doc = "The same for the token of a subscription.", .max = 24 * kHour}},
    {"presence_update_interval",
     Of<&ClientSettings::presence_update_interval>,
     {.doc = "With Redis: how often a node renews the presence of its clients; less than "
             "broker.redis.presence_ttl.",
      .min = 100,
      .max = kHour,
      .reload = Reload::kNo}},
    {"channel_position_check_delay",
     Of<&ClientSettings::channel_position_check_delay>,
     {.doc = "With Redis: how long a node hears nothing of a channel with positions before it compares its "
             "position; 0s: never.",
      .max = kHour,
      .reload = Reload::kNo}},
    {"channel_limit",
     Of<&ClientSettings::channel_limit>,
     {.doc = "Channels that one connection may be subscribed to.", .min = 1, .max = 1'000'000}},
    {"user_connection_limit",
     Of<&ClientSettings::user_connection_limit>,
     {.doc = "Connections that one user may have; 0: any number."}},
    {"queue_max_size",
     Of<&ClientSettings::queue_max_size>,
     {.doc = "Bytes that may wait for one connection; a slower client is closed.", .min = 4096, .max = kGiB}},
    {"history_max_publication_limit",
     Of<&ClientSettings::history_max_publication_limit>,
     {.doc = "Publications that one history call of a client may give.", .min = 1, .max = 1'000'000}},
    {"recovery_max_publication_limit",
     Of<&ClientSettings::recovery_max_publication_limit>,
     {.doc = "Publications that one recovery may give.", .min = 1, .max = 1'000'000}},
    {"commands_per_second",
     Of<&ClientSettings::commands_per_second>,
     {.doc = "Commands that one connection may send; 0: any number."}},
    {"connect_include_server_time",
     Of<&ClientSettings::connect_include_server_time>,
     {.doc = "Tells the server's time in the answer to connect."}},
    {"subscribe_to_user_personal_channel.enabled",
     Of<&ClientSettings::subscribe_to_user_personal_channel>,
     {.doc = "Subscribes each connection with a user to that user's own channel, \"#user\"."}},
    {"subscribe_to_user_personal_channel.personal_channel_namespace",
     Of<&ClientSettings::personal_channel_namespace>,
     {.doc = "Namespace of the personal channels."}},
    {"subscribe_to_user_personal_channel.single_connection",
     Of<&ClientSettings::single_connection>,
     {.doc = "A user's new connection closes the older ones."}},
};

// These keys stand beside the client's, but the listener keeps their values.
constexpr Row<HttpServerSettings> kConnectionLimits[] = {
    {"connection_limit",
     Of<&HttpServerSettings::connection_limit>,
     {.doc = "Connections of this node; 0: as many as the open-file limit allows."}},
    {"connection_limit_per_address",
     Of<&HttpServerSettings::connection_limit_per_address>,
     {.doc = "Connections from one IP address; 0: any number."}},
};

constexpr Row<TokenSettings> kToken[] = {
    {"hmac_secret_key",
     Of<&TokenSettings::hmac_secret_key>,
     {.doc = "Secret of tokens signed with HS256, HS384 or HS512."}},
    {"hmac_previous_secret_key",
     Of<&TokenSettings::hmac_previous_secret_key>,
     {.doc = "The secret before, good as well while it is being replaced."}},
    {"hmac_previous_secret_key_valid_until",
     Of<&TokenSettings::hmac_previous_secret_key_valid_until>,
     {.doc = "When the secret before ends, in seconds since 1970; 0: never.",
      .max = std::numeric_limits<std::int64_t>::max()}},
    {"rsa_public_key",
     Of<&TokenSettings::rsa_public_key>,
     {.doc = "Public key, PEM text or file, of tokens signed with RS256, RS384 or RS512.",
      .form = Form::kPem}},
    {"ecdsa_public_key",
     Of<&TokenSettings::ecdsa_public_key>,
     {.doc = "Public key, PEM text or file, of tokens signed with ES256, ES384 or ES512.",
      .form = Form::kPem}},
    {"ed25519_public_key",
     Of<&TokenSettings::ed25519_public_key>,
     {.doc = "Public key, PEM text or file, of tokens signed with EdDSA.", .form = Form::kPem}},
    {"jwks_public_endpoint",
     Of<&TokenSettings::jwks_public_endpoint>,
     {.doc = "URL of a JSON Web Key Set with the public keys."}},
    {"audience", Of<&TokenSettings::audience>, {.doc = "When given, a token's aud must have it."}},
    {"issuer", Of<&TokenSettings::issuer>, {.doc = "When given, a token's iss must be it."}},
    {"user_id_claim",
     Of<&TokenSettings::user_id_claim>,
     {.doc = "Claim with the user's id; sub when empty."}},
    {"leeway",
     Of<&TokenSettings::leeway>,
     {.doc = "How far the clocks of issuer and server may differ.", .max = kHour}},
};

constexpr Row<Draft> kSubscriptionToken[] = {
    {"enabled",
     Of<&Draft::subscription_token_enabled>,
     {.doc = "Tokens of subscriptions are checked with these keys and not with client.token's."}},
};

constexpr Row<ChannelSettings> kChannel[] = {
    {"max_length",
     Of<&ChannelSettings::max_length>,
     {.doc = "The longest name of a channel, in bytes.", .min = 1, .max = 4096}},
    {"history_meta_ttl",
     Of<&ChannelSettings::history_meta_ttl>,
     {.doc = "How long a channel's position is kept after its last publication; at least its history_ttl.",
      .min = kSecond,
      .max = 10 * kYear}},
};

constexpr Row<ChannelOptions> kOptions[] = {
    {"presence", Of<&ChannelOptions::presence>, {.doc = "Keeps who is in the channel."}},
    {"join_leave", Of<&ChannelOptions::join_leave>, {.doc = "Announces who comes and goes."}},
    {"force_push_join_leave",
     Of<&ChannelOptions::force_push_join_leave>,
     {.doc = "Sends joins and leaves to every subscriber, asked or not."}},
    {"history_size",
     Of<&ChannelOptions::history_size>,
     {.doc = "Publications that are kept; with history_ttl.", .max = 10'000'000}},
    {"history_ttl",
     Of<&ChannelOptions::history_ttl>,
     {.doc = "How long they are kept; with history_size.", .max = 10 * kYear}},
    {"history_meta_ttl",
     Of<&ChannelOptions::history_meta_ttl>,
     {.doc = "Here instead of channel.history_meta_ttl; 0s: that one.", .max = 10 * kYear}},
    {"force_positioning",
     Of<&ChannelOptions::force_positioning>,
     {.doc = "Every subscription notices lost publications."}},
    {"allow_positioning", Of<&ChannelOptions::allow_positioning>, {.doc = "Clients may ask for that."}},
    {"force_recovery",
     Of<&ChannelOptions::force_recovery>,
     {.doc = "Every subscription gets what it missed after a reconnect."}},
    {"allow_recovery", Of<&ChannelOptions::allow_recovery>, {.doc = "Clients may ask for that."}},
    {"force_recovery_mode",
     Of<&ChannelOptions::force_recovery_mode>,
     {.doc = "\"stream\" (or empty): all that was missed. \"cache\": the latest publication only.",
      .choices = kRecoveryModes}},
    {"auto_cache_recover",
     Of<&ChannelOptions::auto_cache_recover>,
     {.doc = "In cache mode, gives the latest publication on the first subscribe too."}},
    {"allow_subscribe_for_client",
     Of<&ChannelOptions::allow_subscribe_for_client>,
     {.doc = "Any user may subscribe without a token."}},
    {"allow_subscribe_for_anonymous",
     Of<&ChannelOptions::allow_subscribe_for_anonymous>,
     {.doc = "And the anonymous user; with allow_subscribe_for_client."}},
    {"allow_publish_for_client",
     Of<&ChannelOptions::allow_publish_for_client>,
     {.doc = "Any user may publish."}},
    {"allow_publish_for_subscriber",
     Of<&ChannelOptions::allow_publish_for_subscriber>,
     {.doc = "Subscribers may publish."}},
    {"allow_publish_for_anonymous",
     Of<&ChannelOptions::allow_publish_for_anonymous>,
     {.doc = "And the anonymous user; with one of the two."}},
    {"allow_presence_for_client",
     Of<&ChannelOptions::allow_presence_for_client>,
     {.doc = "Any user may ask who is in the channel."}},
    {"allow_presence_for_subscriber",
     Of<&ChannelOptions::allow_presence_for_subscriber>,
     {.doc = "Subscribers may."}},
    {"allow_presence_for_anonymous",
     Of<&ChannelOptions::allow_presence_for_anonymous>,
     {.doc = "And the anonymous user; with one of the two."}},
    {"allow_history_for_client",
     Of<&ChannelOptions::allow_history_for_client>,
     {.doc = "Any user may read the history."}},
    {"allow_history_for_subscriber",
     Of<&ChannelOptions::allow_history_for_subscriber>,
     {.doc = "Subscribers may."}},
    {"allow_history_for_anonymous",
     Of<&ChannelOptions::allow_history_for_anonymous>,
     {.doc = "And the anonymous user; with one of the two."}},
    {"allow_user_limited_channels",
     Of<&ChannelOptions::allow_user_limited_channels>,
     {.doc = "Users may subscribe to channels that list them: \"dialog#42,43\"."}},
    {"channel_regex",
     Of<&ChannelOptions::channel_regex>,
     {.doc = "RE2 expression that the name after the namespace must match; any when empty."}},
    {"publication_data_format",
     Of<&ChannelOptions::publication_data_format>,
     {.doc = "What a publication must be; \"binary\" may be empty.", .choices = kDataFormats}},
};

constexpr Row<BrokerSettings> kBroker[] = {
    {"type",
     Of<&BrokerSettings::type>,
     {.doc = "Where channels, their history and presence live; \"redis\", unless given, when an address "
             "below broker.redis is given.",
      .choices = kBrokerTypes,
      .reload = Reload::kNo}},
    {"history_bytes_max",
     Of<&BrokerSettings::history_bytes_max>,
     {.doc = "Memory for the history of all channels, in bytes.", .min = 1 << 20, .max = 1024 * kGiB}},
    {"mailbox_messages_max",
     Of<&BrokerSettings::mailbox_messages_max>,
     {.doc = "Messages that may wait between two loops.", .min = 1000, .max = 100'000'000}},
    {"presence_entries_max",
     Of<&BrokerSettings::presence_entries_max>,
     {.doc = "Presence entries of all channels.", .min = 1, .max = 1'000'000'000}},
};

constexpr Row<RedisSettings> kRedis[] = {
    {"address",
     Of<&RedisSettings::address>,
     {.doc =
          "A Redis: \"10.0.0.7:6379\", \"redis://user:password@host:6379/0\", \"rediss://…\" for TLS, "
          "\"unix:///run/redis.sock\". Several share the channels out among them; the list is the same, in "
          "the same order, for every node.",
      .reload = Reload::kNo}},
    {"cluster_address",
     Of<&RedisSettings::cluster_address>,
     {.doc = "Some nodes of a Redis Cluster; the others are learned from them.", .reload = Reload::kNo}},
    {"sentinel_address",
     Of<&RedisSettings::sentinel_address>,
     {.doc = "Sentinels, asked in turn where the primary is; with sentinel_master_name.",
      .reload = Reload::kNo}},
    {"sentinel_master_name",
     Of<&RedisSettings::sentinel_master_name>,
     {.doc = "What the sentinels call the primary.", .reload = Reload::kNo}},
    {"sentinel_user",
     Of<&RedisSettings::sentinel_user>,
     {.doc = "User at the sentinels; the default one when empty.", .reload = Reload::kNo}},
    {"sentinel_password",
     Of<&RedisSettings::sentinel_password>,
     {.doc = "Password at the sentinels.", .reload = Reload::kNo}},
    {"user",
     Of<&RedisSettings::user>,
     {.doc = "User at Redis where an address names none; the default one when empty.",
      .reload = Reload::kNo}},
    {"password",
     Of<&RedisSettings::password>,
     {.doc = "Password at Redis where an address has none.", .reload = Reload::kNo}},
    {"db",
     Of<&RedisSettings::db>,
     {.doc = "Database of Redis where an address names none; a cluster has only 0.",
      .max = std::numeric_limits<std::int32_t>::max(),
      .reload = Reload::kNo}},
    {"tls.enabled",
     Of<&RedisSettings::tls_enabled>,
     {.doc = "TLS to every Redis and sentinel, whatever the scheme of its address.", .reload = Reload::kNo}},
    {"tls.server_ca_pem",
     Of<&RedisSettings::tls_ca_file>,
     {.doc =
          "File with the certificates in PEM that are trusted to vouch for Redis; the system's when empty.",
      .reload = Reload::kNo}},
    {"tls.server_name",
     Of<&RedisSettings::tls_server_name>,
     {.doc = "Name in Redis' certificate; the host of its address when empty.", .reload = Reload::kNo}},
    {"prefix",
     Of<&RedisSettings::prefix>,
     {.doc = "Begins each key and each pub/sub channel; nodes with the same one belong together.",
      .reload = Reload::kNo}},
    {"client_name",
     Of<&RedisSettings::client_name>,
     {.doc = "Name of the connections in CLIENT LIST.", .reload = Reload::kNo}},
    {"connect_timeout",
     Of<&RedisSettings::connect_timeout>,
     {.doc = "Until a connection to Redis is there: name, TCP, TLS and authentication together.",
      .min = 10,
      .max = kHour,
      .reload = Reload::kNo}},
    {"io_timeout",
     Of<&RedisSettings::io_timeout>,
     {.doc = "How long Redis may take to answer; then the connection is made anew.",
      .min = 10,
      .max = kHour,
      .reload = Reload::kNo}},
    {"presence_ttl",
     Of<&RedisSettings::presence_ttl>,
     {.doc = "How long the presence of a dead node's clients stays; more than "
             "client.presence_update_interval.",
      .min = kSecond,
      .max = 24 * kHour,
      .reload = Reload::kNo}},
    {"ready_grace",
     Of<&RedisSettings::ready_grace>,
     {.doc = "How long Redis may be away before /ready says 503.", .max = kHour, .reload = Reload::kNo}},
    {"sharded_pub_sub",
     Of<&RedisSettings::sharded_pub_sub>,
     {.doc = "In a cluster, carries publications through the primary of the channel's slot only (SPUBLISH; "
             "Redis 7) and not through all nodes.",
      .reload = Reload::kNo}},
    {"plant_bug_for_test",
     Of<&RedisSettings::plant_bug_for_test>,
     {.doc = "Plants a bug of that name, which the tests' checkers must find.",
      .reload = Reload::kNo,
      .shown = Shown::kNo}},
};

// Adds the rows of `owner(draft)` under `prefix`.
template <class Owner, std::size_t N, class OwnerOf>
void Append(std::vector<Key>& keys, std::string_view prefix, const Row<Owner> (&rows)[N], OwnerOf owner) {
  for (const Row<Owner>& row : rows) {
    keys.push_back({.name = fmt::format("{}{}", prefix, row.name),
                    .facts = row.facts,
                    .field = [owner, field = row.field](Draft& draft) { return field(owner(draft)); }});
  }
}

std::vector<Key> MakeKeys() {
  std::vector<Key> keys;
  Append(keys, "", kProcess, [](Draft& d) -> Settings& { return d.settings; });
  Append(keys, "log.", kLog, [](Draft& d) -> LogSettings& { return d.settings.log; });
  const auto server = [](Draft& d) -> HttpServerSettings& { return d.settings.http_server; };
  Append(keys, "http_server.", kHttpServer, server);
  Append(keys, "http_api.", kHttpApi, [](Draft& d) -> HttpApiSettings& { return d.settings.http_api; });
  Append(keys, "websocket.", kWebsocket, [](Draft& d) -> WebsocketSettings& { return d.settings.websocket; });
  Append(keys, "client.", kClient, [](Draft& d) -> ClientSettings& { return d.settings.client; });
  Append(keys, "client.", kConnectionLimits, server);
  Append(keys, "client.token.", kToken, [](Draft& d) -> TokenSettings& { return d.settings.client.token; });
  Append(keys, "client.subscription_token.", kSubscriptionToken, [](Draft& d) -> Draft& { return d; });
  Append(keys, "client.subscription_token.", kToken,
         [](Draft& d) -> TokenSettings& { return d.subscription_token; });
  Append(keys, "channel.", kChannel, [](Draft& d) -> ChannelSettings& { return d.settings.channel; });
  Append(keys, "channel.without_namespace.", kOptions,
         [](Draft& d) -> ChannelOptions& { return d.settings.channel.without_namespace; });
  Append(keys, "broker.", kBroker, [](Draft& d) -> BrokerSettings& { return d.settings.broker; });
  Append(keys, "broker.redis.", kRedis, [](Draft& d) -> RedisSettings& { return d.settings.broker.redis; });
  return keys;
}

template <class... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};

// The largest value of a key's type, where it has a number.
std::int64_t TypeMax(const Field& field) {
  return std::holds_alternative<std::uint32_t*>(field) ? std::numeric_limits<std::uint32_t>::max()
                                                       : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

Draft Draft::From(const Settings& settings) {
  Draft draft{.settings = settings};
  draft.subscription_token_enabled = settings.client.subscription_token.has_value();
  draft.subscription_token = settings.client.subscription_token.value_or(TokenSettings{});
  return draft;
}

Settings Draft::Finish() && {
  settings.client.subscription_token.reset();
  if (subscription_token_enabled) settings.client.subscription_token = std::move(subscription_token);
  return std::move(settings);
}

const std::vector<Key>& Keys() {
  static const std::vector<Key> keys = MakeKeys();
  return keys;
}

std::vector<Key> NamespaceKeys(const std::string& name_space) {
  std::vector<Key> keys;
  Append(keys, fmt::format("{}.{}.", kNamespacesKey, name_space), kOptions,
         [name_space](Draft& d) -> ChannelOptions& { return d.settings.channel.namespaces[name_space]; });
  return keys;
}

std::string_view TypeName(const Field& field) {
  return std::visit(
      Overload{[](const bool*) { return "boolean"; }, [](const std::uint32_t*) { return "integer"; },
               [](const std::uint64_t*) { return "integer"; }, [](const std::int64_t*) { return "integer"; },
               [](const Duration*) { return "duration"; }, [](const std::string*) { return "string"; },
               [](const Secret*) { return "secret"; },
               [](const std::vector<std::string>*) { return "list of strings"; },
               [](const std::vector<Secret>*) { return "list of secrets"; },
               [](const std::vector<Address>*) { return "list of addresses"; }},
      field);
}

Bounds BoundsOf(const Key& key, const Field& field) {
  return {.min = key.facts.min, .max = key.facts.max == 0 ? TypeMax(field) : key.facts.max};
}

std::string RangeText(const Key& key) {
  Draft draft;
  const Field field = key.field(draft);
  const Bounds bounds = BoundsOf(key, field);
  if (std::holds_alternative<Duration*>(field)) {
    return fmt::format("{} … {}", ToString(Duration{bounds.min}), ToString(Duration{bounds.max}));
  }
  if (TypeName(field) == "integer") return fmt::format("{} … {}", bounds.min, bounds.max);
  std::string out;
  for (const std::string_view choice : key.facts.choices) {
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", choice);
  }
  return out;
}

}  // namespace tidemill::config
