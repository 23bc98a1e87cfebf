#include "settings/settings.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "settings/testing/settings_test.h"

namespace tidemill::settings {
namespace {

class LoadTest : public testing::SettingsTest {};

struct BadText {
  std::string_view text;
  std::string_view message;
};

TEST_F(LoadTest, RefusesValuesOfTheWrongTypeOrRange) {
  const BadText cases[] = {
      {"[client]\nping_interval = \"5x\"",
       R"(tidemill.toml:2: client.ping_interval = "5x": not a duration; write it like "25s" (1s … 1h))"},
      {"client.ping_interval = 25",
       R"(tidemill.toml:1: client.ping_interval = 25: not a duration; write it like "25s" (1s … 1h))"},
      {"client.ping_interval = \"\"",
       R"(tidemill.toml:1: client.ping_interval = "": not a duration; write it like "25s" (1s … 1h))"},
      {"client.ping_interval = \"2h\"",
       R"(tidemill.toml:1: client.ping_interval = "2h": out of range; accepted: 1s … 1h)"},
      {"client.ping_interval = \"500ms\"\nclient.pong_timeout = \"400ms\"",
       R"(tidemill.toml:1: client.ping_interval = "500ms": out of range; accepted: 1s … 1h)"},
      {"client.ping_interval = \"-5s\"",
       R"(tidemill.toml:1: client.ping_interval = "-5s": not a duration; write it like "25s" (1s … 1h))"},
      {"client.insecure = \"yes\"",
       R"(tidemill.toml:1: client.insecure = "yes": not a boolean; write true or false)"},
      {"client.insecure = \"true\"",
       R"(tidemill.toml:1: client.insecure = "true": not a boolean; write true or false)"},
      {"client.insecure = 1", "tidemill.toml:1: client.insecure = 1: not a boolean; write true or false"},
      {"client.channel_limit = \"many\"",
       R"(tidemill.toml:1: client.channel_limit = "many": not a whole number; accepted: 1 … 1000000)"},
      {"client.channel_limit = \"7\"",
       R"(tidemill.toml:1: client.channel_limit = "7": not a whole number; accepted: 1 … 1000000)"},
      {"client.channel_limit = 1.5",
       "tidemill.toml:1: client.channel_limit = 1.5: not a whole number; accepted: 1 … 1000000"},
      {"client.channel_limit = true",
       "tidemill.toml:1: client.channel_limit = true: not a whole number; accepted: 1 … 1000000"},
      {"client.channel_limit = 0",
       "tidemill.toml:1: client.channel_limit = 0: out of range; accepted: 1 … 1000000"},
      {"client.channel_limit = -1",
       "tidemill.toml:1: client.channel_limit = -1: out of range; accepted: 1 … 1000000"},
      {"client.user_connection_limit = 4294967296",
       "tidemill.toml:1: client.user_connection_limit = 4294967296: out of range; accepted: 0 … 4294967295"},
      {"http_server.buffers_bytes_max = 1048576\nhttp_server.max_request_body_bytes = 1048576",
       "tidemill.toml:1: http_server.buffers_bytes_max = 1048576: less than twice "
       "http_server.max_request_body_bytes, which is 1048576"},
      {"broker.history_bytes_max = 1",
       "tidemill.toml:1: broker.history_bytes_max = 1: out of range; accepted: 1048576 … 1099511627776"},
      {"queries.cache.size = 1048576\nqueries.cache.entry_max = 300000",
       "tidemill.toml:2: queries.cache.entry_max = 300000: more than a quarter of queries.cache.size = "
       "1048576"},
      {"queries.cache.redis = true",
       "tidemill.toml:1: queries.cache.redis: needs queries.cache.redis_address, or a Redis below "
       "broker.redis"},
      {"queries.cache.redis_address = \"redis://:hunter2@h:port\"",
       "tidemill.toml:1: queries.cache.redis_address: not an address of Redis: the port is not a number from "
       "1 "
       "to 65535"},
      {"loops = 65", "tidemill.toml:1: loops = 65: out of range; accepted: 0 … 64"},
      {"node.name = 5", "tidemill.toml:1: node.name = 5: not a string; write it in quotes"},
      {"node.name = \"a\\u0000b\"", R"(tidemill.toml:1: node.name = "a\u0000b": holds a control byte)"},
      {"node.name = 1979-05-27",
       "tidemill.toml:1: node.name = a date or time: not a string; write it in quotes"},
      {"[node.name]\n", "tidemill.toml:1: node.name = a section: not a string; write it in quotes"},
      {"[node.name]\nx = 1", "tidemill.toml:2: node.name.x: unknown; did you mean node.name?"},
      {"log.level = \"loud\"",
       R"(tidemill.toml:1: log.level = "loud": accepted: "debug", "info", "warn", "error", "off")"},
      {"log.level = \"INFO\"",
       R"(tidemill.toml:1: log.level = "INFO": accepted: "debug", "info", "warn", "error", "off")"},
      {"log.format = \"\"", R"(tidemill.toml:1: log.format = "": accepted: "text", "json")"},
      {"http_api.error_mode = \"http\"",
       R"(tidemill.toml:1: http_api.error_mode = "http": accepted: "", "transport")"},
      {"broker.type = \"nats\"", R"(tidemill.toml:1: broker.type = "nats": accepted: "memory", "redis")"},
      {"broker.redis.address = 5",
       R"(tidemill.toml:1: broker.redis.address = ***: not a list of strings; write ["a", "b"])"},
      {"broker.redis.address = [\"h\", \"\"]",
       "tidemill.toml:1: broker.redis.address = ***: an empty string in the list"},
      {"channel.without_namespace.force_recovery_mode = \"all\"",
       R"(tidemill.toml:1: channel.without_namespace.force_recovery_mode = "all": accepted: "", )"
       R"("stream", "cache")"},
      {"channel.without_namespace.publication_data_format = \"xml\"",
       R"(tidemill.toml:1: channel.without_namespace.publication_data_format = "xml": accepted: "", "json", )"
       R"("json_object", "binary")"},
      {"client.allowed_origins = 5",
       R"(tidemill.toml:1: client.allowed_origins = 5: not a list of strings; write ["a", "b"])"},
      {"client.allowed_origins = [\"a\", 1]",
       "tidemill.toml:1: client.allowed_origins = a list with other things than strings: "
       R"(not a list of strings; write ["a", "b"])"},
      {"client.allowed_origins = [\"a\", \"\"]",
       R"(tidemill.toml:1: client.allowed_origins = ["a", ""]: an empty string in the list)"},
      {"client = 5", "tidemill.toml:1: client: a section, not a setting"},
      {"client = [\"a\"]", "tidemill.toml:1: client: a section, not a setting"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Why(LoadText(c.text)), c.message);
  }
}

TEST_F(LoadTest, NeverShowsSecrets) {
  const BadText cases[] = {
      {"client.token.hmac_secret_key = 123456789",
       "tidemill.toml:1: client.token.hmac_secret_key = ***: not a string; write it in quotes"},
      {"client.token.hmac_secret_key = \"***\"",
       "tidemill.toml:1: client.token.hmac_secret_key = ***: the mask that `config show` prints, not the "
       "secret "
       "itself"},
      {"client.token.hmac_previous_secret_key = \"hunter2\\u0007\"",
       "tidemill.toml:1: client.token.hmac_previous_secret_key = ***: holds a control byte"},
      {"http_api.key = [\"hunter2\", \"\"]",
       "tidemill.toml:1: http_api.key = ***: an empty string in the list"},
      {"http_api.key = [\"hunter2\", 5]",
       R"(tidemill.toml:1: http_api.key = ***: not a list of strings; write ["a", "b"])"},
      {"client.token.hmac_secret = \"hunter2\"",
       "tidemill.toml:1: client.token.hmac_secret: unknown; did you mean client.token.hmac_secret_key?"},
      {"admin.password = \"hunter2\"",
       "tidemill.toml:1: admin.password: a setting of Centrifugo that is not available in this version"},
      {"client.token.rsa_public_key = \"-----BEGIN PRIVATE KEY-----\\nhunter2\"",
       "tidemill.toml:1: client.token.rsa_public_key = ***: a private key; only the public one belongs here"},
      {"http_api.key = 'a\nhttp_api.insecure = true",
       "tidemill.toml:1:18: not TOML: Error while parsing literal string: control characters "
       "other than TAB (U+0009) are explicitly prohibited"},
      {"client.token.hmac_secret_key = 99999999999999999999",
       "tidemill.toml:1:52: not TOML: Error while parsing decimal integer: the value is not representable in "
       "64 bits"},
      {"client.token.hmac_secret_key = thunter2",
       "tidemill.toml:1:33: not TOML: Error while parsing boolean: expected 'true'"},
      {"broker.redis.address = \"redis://:hunter2@h:port\"",
       "tidemill.toml:1: broker.redis.address: not an address of Redis: the port is not a number from 1 to "
       "65535"},
      {"broker.redis.address = [\"h\", \"redis://:hunter2\"]",
       "tidemill.toml:1: broker.redis.address (address 2 of 2): not an address of Redis: no host"},
      {"broker.redis.address = \"redis://:hunter2\\u0007@h\"",
       "tidemill.toml:1: broker.redis.address = ***: holds a control byte"},
      {"broker.redis.address = \"redis://:***@h\"",
       "tidemill.toml:1: broker.redis.address = ***: the mask that `config show` prints, not the password "
       "itself"},
      {"broker.redis.password = \"***\"",
       "tidemill.toml:1: broker.redis.password = ***: the mask that `config show` prints, not the secret "
       "itself"},
      {"client.token.hmac_secret_key = hunter2",
       "tidemill.toml:1:32: not TOML: Error while parsing value: could not determine value type"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text);
    const std::string why = Why(LoadText(c.text));
    EXPECT_EQ(why, c.message);
    EXPECT_FALSE(why.contains("hunter2"));
  }
}

TEST_F(LoadTest, RefusesKeysItDoesNotKnow) {
  const BadText cases[] = {
      {"[client]\nping_intervall = \"5s\"",
       "tidemill.toml:2: client.ping_intervall: unknown; did you mean client.ping_interval?"},
      {"pingInterval = \"5s\"", "tidemill.toml:1: pingInterval: unknown; did you mean client.ping_interval?"},
      {"ping_interval = \"5s\"",
       "tidemill.toml:1: ping_interval: unknown; did you mean client.ping_interval?"},
      {"[clinet]\ninsecure = true",
       "tidemill.toml:2: clinet.insecure: unknown; did you mean client.insecure?"},
      {"nonsense = 1", "tidemill.toml:1: nonsense: unknown; `tidemill config doc` lists all settings"},
      {"\"\" = 1", "tidemill.toml:1: : unknown; `tidemill config doc` lists all settings"},
      {"[engine]\ntype = \"redis\"",
       "tidemill.toml:2: engine.type: a setting of Centrifugo that is not available in this version; choose "
       "with "
       "broker.type, and broker.redis"},
      {"broker.redis.adress = \"redis://x\"",
       "tidemill.toml:1: broker.redis.adress: unknown; did you mean broker.redis.address?"},
      {"broker.redis.force_resp2 = true",
       "tidemill.toml:1: broker.redis.force_resp2: a setting of Centrifugo that is not available in this "
       "version; RESP2 is what is spoken; remove it"},
      {"broker.redis.tls.insecure_skip_verify = true",
       "tidemill.toml:1: broker.redis.tls.insecure_skip_verify: a setting of Centrifugo that is not "
       "available "
       "in this version; tls.enabled, tls.server_ca_pem and tls.server_name are there"},
      {"broker.nats.url = \"nats://x\"",
       "tidemill.toml:1: broker.nats.url: a setting of Centrifugo that is not available in this version"},
      {"http_server.port = 9000",
       "tidemill.toml:1: http_server.port: a setting of Centrifugo that is not available in this version; "
       "use "
       "http_server.listen"},
      {"http_server.tls.enabled = true",
       "tidemill.toml:1: http_server.tls.enabled: a setting of Centrifugo that is not available in this "
       "version; "
       "TLS is on when tls.cert_pem and tls.key_pem are given; remove it"},
      {"client.proxy.connect.grpc_metadata = [\"x\"]",
       "tidemill.toml:1: client.proxy.connect.grpc_metadata: a setting of Centrifugo that is not available "
       "in this version; proxies speak HTTP: use http_headers"},
      {"channel.proxy.subscribe_stream.endpoint = \"grpc://x\"",
       "tidemill.toml:1: channel.proxy.subscribe_stream.endpoint: a setting of Centrifugo that is not "
       "available in this version; it needs gRPC; use channel.proxy.subscribe, and let the service publish "
       "over the HTTP API"},
      {"[[proxies]]\nname = \"chat\"\ngrpc.compression = true",
       "tidemill.toml:3: proxies.chat.grpc.compression: a setting of Centrifugo that is not available in "
       "this version; proxies speak HTTP: give an http or https endpoint\n"
       "proxies.chat.endpoint: not set"},
      {"[[consumers]]\nname = \"x\"",
       "tidemill.toml:1: consumers: a setting of Centrifugo that is not available in this version"},
      {"shared_poll.concurrency_limit = 5",
       "tidemill.toml:1: shared_poll.concurrency_limit: a setting of Centrifugo that is not available in "
       "this "
       "version; http.connections_max of the proxy bounds the calls of each loop"},
      {"channel.without_namespace.subscribe_stream_proxy_enabled = true",
       "tidemill.toml:1: channel.without_namespace.subscribe_stream_proxy_enabled: a setting of Centrifugo "
       "that is not available in this version; it needs gRPC; use subscribe_proxy_enabled, and let the "
       "service publish over the HTTP API"},
      {"[[channel.namespaces]]\nname = \"chat\"\nshared_poll.publish_enabled = true",
       "tidemill.toml:3: channel.namespaces.chat.shared_poll.publish_enabled: a setting of Centrifugo that "
       "is not "
       "available in "
       "this version; a shorter shared_poll.refresh_interval, or a map channel, tells of changes sooner"},
      {"[[channel.namespaces]]\nname = \"chat\"\nhistory_sise = 5",
       "tidemill.toml:3: channel.namespaces.chat.history_sise: unknown; did you mean "
       "channel.namespaces.chat.history_size?"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Why(LoadText(c.text)), c.message);
  }
}

TEST_F(LoadTest, RefusesMapsThatCannotBe) {
  const std::string map =
      "[[channel.namespaces]]\nname = \"scores\"\nsubscription_type = \"map\"\n[channel.namespaces.map]\n";
  const std::string presence =
      "[[channel.namespaces]]\nname = \"who\"\nsubscription_type = \"map_users\"\n[channel.namespaces.map]\n";
  struct Case {
    std::string text;
    const char* message;  // a part of it
  };
  const Case cases[] = {
      {map, "map.mode"},
      {map + "mode = \"eternal\"", "map.mode"},
      {map + "mode = \"recoverable\"", "map.key_ttl: the mode \"recoverable\" needs one above 0"},
      {map + "mode = \"persistent\"\nkey_ttl = \"1m\"", "map.key_ttl: keys stay in the mode \"persistent\""},
      {map + "mode = \"persistent\"\nmeta_ttl = \"1h\"", "map.meta_ttl: keys and positions stay"},
      {map + "mode = \"ephemeral\"\nkey_ttl = \"1m\"\nstream_size = 5", "map.mode = \"ephemeral\""},
      {map + "mode = \"recoverable\"\nkey_ttl = \"1h\"\nmeta_ttl = \"1m\"",
       "map.meta_ttl = \"1m\": must be at least"},
      {map + "mode = \"persistent\"\nmin_page_size = 2000",
       "map.min_page_size: 2000 is over map.max_page_size, 1000"},
      {map + "mode = \"persistent\"\ndefault_page_size = 50", "map.default_page_size = 50: not between"},
      {presence + "mode = \"persistent\"", "who is there expires"},
      {"channel.without_namespace.map.ordered = true", "subscription_type: map.* needs"},
      {"channel.without_namespace.map_clients_presence_channel_prefix = \"nons:\"",
       "= \"nons:\": needs a namespace with subscription_type = \"map_clients\""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const std::string why = Why(LoadText(c.text.c_str()));
    EXPECT_NE(why.find(c.message), std::string::npos) << why;
  }
}

TEST_F(LoadTest, RefusesBadNamespaces) {
  const BadText cases[] = {
      {"[[channel.namespaces]]\nhistory_size = 5",
       "tidemill.toml:1: channel.namespaces: a namespace without a name; write name = \"chat\" in it"},
      {"[[channel.namespaces]]\nname = 5",
       "tidemill.toml:1: channel.namespaces: a namespace without a name; write name = \"chat\" in it"},
      {"[channel.namespaces.chat]\nhistory_size = 5",
       "tidemill.toml:1: channel.namespaces: not a list of tables; write [[channel.namespaces]] with a name "
       "for "
       "each namespace"},
      {"channel.namespaces = [\"chat\"]",
       "tidemill.toml:1: channel.namespaces: not a list of tables; write [[channel.namespaces]] with a name "
       "for "
       "each namespace"},
      {"channel.namespaces = \"chat\"",
       "tidemill.toml:1: channel.namespaces: not a list of tables; write [[channel.namespaces]] with a name "
       "for "
       "each namespace"},
      {"[[channel.namespaces]]\nname = \"chat\"\n[[channel.namespaces]]\nname = \"chat\"",
       "tidemill.toml:4: channel.namespaces: name = \"chat\": there twice"},
      {"[[channel.namespaces]]\nname = \"c\"",
       R"(channel.namespaces: name = "c": accepted: two or more of letters, digits, "-", "_", ".")"},
      {"[[channel.namespaces]]\nname = \"\"",
       R"(channel.namespaces: name = "": accepted: two or more of letters, digits, "-", "_", ".")"},
      {"[[channel.namespaces]]\nname = \"chät\"",
       R"(channel.namespaces: name = "chät": accepted: two or more of letters, digits, "-", "_", ".")"},
      {"[[channel.namespaces]]\nname = \"a:b\"",
       R"(channel.namespaces: name = "a:b": accepted: two or more of letters, digits, "-", "_", ".")"},
      {"[[channel.namespaces]]\nname = \"chat\"\nhistory_size = \"x\"",
       "tidemill.toml:3: channel.namespaces.chat.history_size = \"x\": not a whole number; accepted: 0 … "
       "10000000"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Why(LoadText(c.text)), c.message);
  }
}

TEST_F(LoadTest, RefusesContradictions) {
  const BadText cases[] = {
      {"client.pong_timeout = \"30s\"",
       R"(tidemill.toml:1: client.pong_timeout = "30s": must be less than client.ping_interval, "25s")"},
      {"client.ping_interval = \"8s\"",
       R"(client.pong_timeout = "8s": must be less than client.ping_interval, "8s")"},
      {"channel.without_namespace.force_recovery = true",
       "tidemill.toml:1: channel.without_namespace.force_recovery = true: needs history_size and history_ttl "
       "above "
       "0"},
      {"channel.without_namespace.allow_recovery = true",
       "tidemill.toml:1: channel.without_namespace.allow_recovery = true: needs history_size and history_ttl "
       "above "
       "0"},
      {"channel.without_namespace.force_positioning = true",
       "tidemill.toml:1: channel.without_namespace.force_positioning = true: needs history_size and "
       "history_ttl "
       "above 0"},
      {"[[channel.namespaces]]\nname = \"chat\"\nallow_positioning = true",
       "tidemill.toml:3: channel.namespaces.chat.allow_positioning = true: needs history_size and "
       "history_ttl above "
       "0"},
      {"channel.without_namespace.history_size = 5",
       "tidemill.toml:1: channel.without_namespace.history_size: needs history_ttl as well"},
      {"channel.without_namespace.history_ttl = \"5s\"",
       "tidemill.toml:1: channel.without_namespace.history_ttl: needs history_size as well"},
      {"[channel.without_namespace]\nhistory_size = 5\nhistory_ttl = \"721h\"",
       "tidemill.toml:3: channel.without_namespace.history_ttl = \"721h\": longer than "
       "channel.history_meta_ttl, "
       "\"720h\""},
      {"[channel.without_namespace]\nhistory_size = 5\nhistory_ttl = \"2h\"\nhistory_meta_ttl = \"1h\"",
       "tidemill.toml:3: channel.without_namespace.history_ttl = \"2h\": longer than "
       "channel.without_namespace.history_meta_ttl, \"1h\""},
      {"channel.without_namespace.channel_regex = \"(\"",
       "tidemill.toml:1: channel.without_namespace.channel_regex = \"(\": not an RE2 expression: missing ): "
       "("},
      {"channel.without_namespace.channel_regex = '(?=x)'",
       "tidemill.toml:1: channel.without_namespace.channel_regex = \"(?=x)\": not an RE2 expression: invalid "
       "perl "
       "operator: (?="},
      {"http_server.listen = []",
       R"(tidemill.toml:1: http_server.listen = []: needs an address, such as "127.0.0.1:8000")"},
      {"http_server.tls.cert_pem = \"a.pem\"",
       "tidemill.toml:1: http_server.tls.cert_pem: needs http_server.tls.key_pem as well"},
      {"http_server.tls.key_pem = \"a.pem\"",
       "tidemill.toml:1: http_server.tls.key_pem: needs http_server.tls.cert_pem as well"},
      {"http_api.handler_prefix = \"api\"",
       R"(tidemill.toml:1: http_api.handler_prefix = "api": not a path; it begins with a "/" and )"
       "does not end with one"},
      {"websocket.handler_prefix = \"/\"",
       R"(tidemill.toml:1: websocket.handler_prefix = "/": not a path; it begins with a "/" and )"
       "does not end with one"},
      {"http_api.handler_prefix = \"/x\"\nwebsocket.handler_prefix = \"/x\"",
       "tidemill.toml:1: http_api.handler_prefix: the same as websocket.handler_prefix"},
      {"sse.enabled = true\nsse.handler_prefix = \"/x\"\nemulation.handler_prefix = \"/x\"",
       "tidemill.toml:2: sse.handler_prefix: the same as emulation.handler_prefix"},
      {"uni_sse.connect_code_to_http_response.transforms = [\"3500\"]",
       R"(tidemill.toml:1: uni_sse.connect_code_to_http_response.transforms: "3500" is not "CODE STATUS )"
       R"(BODY", such as "3500 401 log in again")"},
      {"client.token.jwks_public_endpoint = \"example.com/jwks\"",
       R"(tidemill.toml:1: client.token.jwks_public_endpoint: "example.com/jwks" is no http or https URL: )"
       "it must begin with http:// or https://"},
      {"client.token.user_id_claim = 'exp'",
       R"(tidemill.toml:1: client.token.user_id_claim: "exp" has a meaning of its own)"},
      {"client.token.jwks_public_endpoint = 'https://a'\nclient.token.hmac_secret_key = 'secret'",
       "tidemill.toml:1: client.token.jwks_public_endpoint: no other key may be configured beside it"},
      {"client.token.leeway = '61s'",
       R"(tidemill.toml:1: client.token.leeway = "61s": out of range; accepted: 0s … 1m)"},
      {"http_server.listen = ['0.0.0.0:99999']",
       R"(tidemill.toml:1: http_server.listen: address "0.0.0.0:99999": the port is a number from 0 to )"
       R"(65535; accepted: "127.0.0.1:8000", "[::1]:8000", ":8000", "unix:/run/tidemill.sock")"},
      {"http_server.internal_listen = ['localhost:8000']",
       R"(tidemill.toml:1: http_server.internal_listen: address "localhost:8000": the host is not an IP )"
       R"(address; accepted: "127.0.0.1:8000", "[::1]:8000", ":8000", "unix:/run/tidemill.sock")"},
      {"http_server.listen = [':80', '127.0.0.1:80']",
       R"(tidemill.toml:1: http_server.listen: address "127.0.0.1:80" cannot be opened beside "[::]:80" of )"
       "http_server.listen"},
      {"http_server.listen = ['0.0.0.0:80']\nhttp_server.internal_listen = ['127.0.0.1:80']",
       R"(tidemill.toml:2: http_server.internal_listen: address "127.0.0.1:80" cannot be opened beside )"
       R"("0.0.0.0:80" of http_server.listen)"},
      {"http_server.listen = ['unix:/a']\nhttp_server.internal_listen = ['unix:/a']",
       R"(tidemill.toml:2: http_server.internal_listen: address "unix:/a" cannot be opened beside "unix:/a" )"
       "of http_server.listen"},
      {"http_server.trusted_proxies = ['10.0.0.1/8']",
       R"(tidemill.toml:1: http_server.trusted_proxies: "10.0.0.1/8": there are bits behind the prefix; )"
       R"(accepted: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7", "unix")"},
      {"http_server.proxy_protocol = true",
       "tidemill.toml:1: http_server.proxy_protocol = true: needs http_server.trusted_proxies, which send "
       "the "
       "headers"},
      {"http_server.allowed_hosts = ['localhost:8000']",
       R"(tidemill.toml:1: http_server.allowed_hosts: "localhost:8000" is no host name; write it like )"
       R"("example.com" or "*.example.com", without a port)"},
      {"channel.without_namespace.channel_regex = 'a^'",
       R"(tidemill.toml:1: channel.without_namespace.channel_regex = "a^": no name matches it)"},
      {"websocket.handler_prefix = '/health'",
       "tidemill.toml:1: websocket.handler_prefix = \"/health\": the server's own"},
      {"console.enabled = true\nwebsocket.handler_prefix = \"/console/ws\"",
       "tidemill.toml:2: websocket.handler_prefix = \"/console/ws\": the server's own"},
      {"client.subscription_token.hmac_secret_key = \"s\"",
       "client.subscription_token.enabled = false: keys of client.subscription_token are given; set it to "
       "true, or "
       "remove them"},
      {"client.subscribe_to_user_personal_channel.personal_channel_namespace = \"me\"",
       "tidemill.toml:1: client.subscribe_to_user_personal_channel.personal_channel_namespace = \"me\": no "
       "such "
       "namespace in channel.namespaces"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Why(LoadText(c.text)), c.message);
  }
}

TEST_F(LoadTest, RefusesContradictionsAboutRedis) {
  const BadText cases[] = {
      {"broker.type = \"redis\"",
       "tidemill.toml:1: broker.type = \"redis\": needs broker.redis.address, cluster_address or "
       "sentinel_address"},
      {"[broker.redis]\naddress = \"h\"\ncluster_address = \"h\"",
       "tidemill.toml:3: broker.redis.cluster_address: broker.redis.address is given as well; keep one of "
       "them"},
      {"[broker.redis]\naddress = \"h\"\nsentinel_address = \"h\"\nsentinel_master_name = \"m\"",
       "tidemill.toml:3: broker.redis.sentinel_address: broker.redis.address is given as well; keep one of "
       "them"},
      {"[broker.redis]\ncluster_address = \"h\"\nsentinel_address = \"h\"\nsentinel_master_name = \"m\"",
       "tidemill.toml:3: broker.redis.sentinel_address: broker.redis.cluster_address is given as well; keep "
       "one of them"},
      {"broker.redis.sentinel_address = [\"h:26379\", \"h:26380\"]",
       "tidemill.toml:1: broker.redis.sentinel_address: needs broker.redis.sentinel_master_name as well"},
      {"[broker.redis]\naddress = \"h\"\nsentinel_master_name = \"m\"",
       "tidemill.toml:3: broker.redis.sentinel_master_name: needs broker.redis.sentinel_address as well"},
      {"[broker.redis]\ncluster_address = \"h\"\ndb = 1",
       "tidemill.toml:3: broker.redis.db = 1: a cluster has only database 0"},
      {"broker.redis.cluster_address = \"redis://h/1\"",
       "tidemill.toml:1: broker.redis.cluster_address: only database 0 is there"},
      {"broker.redis.presence_ttl = \"27s\"",
       "tidemill.toml:1: broker.redis.presence_ttl = \"27s\": must be more than "
       "client.presence_update_interval, \"27s\""},
      {"broker.redis.prefix = \"a{b\"",
       "tidemill.toml:1: broker.redis.prefix = \"a{b\": accepted: one or more of letters, digits, \"-\", "
       "\"_\", \".\", \":\""},
      {"broker.redis.prefix = \"\"",
       "tidemill.toml:1: broker.redis.prefix = \"\": accepted: one or more of letters, digits, \"-\", "
       "\"_\", \".\", \":\""},
      {"broker.redis.client_name = \"a b\"",
       "tidemill.toml:1: broker.redis.client_name = \"a b\": accepted: letters, digits, \"-\", \"_\", "
       "\".\", \":\""},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Why(LoadText(c.text)), c.message);
  }
}

TEST_F(LoadTest, TakesRedisAsTheBrokerWhenAnAddressIsGiven) {
  EXPECT_EQ(LoadText("").value().broker.type, "memory");
  EXPECT_EQ(LoadText("broker.redis.address = \"h\"").value().broker.type, "redis");
  EXPECT_EQ(LoadText("broker.redis.cluster_address = [\"a\", \"b\"]").value().broker.type, "redis");
  EXPECT_EQ(
      LoadText("[broker.redis]\nsentinel_address = \"a\"\nsentinel_master_name = \"m\"").value().broker.type,
      "redis");
  EXPECT_EQ(LoadText("broker.redis.prefix = \"p\"").value().broker.type, "memory");
  EXPECT_EQ(LoadText("broker.type = \"memory\"\nbroker.redis.address = \"h\"").value().broker.type, "memory");
  const Result<Settings> loaded = Load({.environment = {{"TIDEMILL_BROKER_REDIS_ADDRESS", "a:1 redis://b"}}});
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded->broker.type, "redis");
  EXPECT_EQ(loaded->broker.redis.address, (std::vector<config::StoreAddress>{{"a:1"}, {"redis://b"}}));
}

TEST_F(LoadTest, RefusesTextThatIsNotToml) {
  const std::string deep = "a = " + std::string(100'000, '[');
  const BadText cases[] = {
      {"client", "tidemill.toml:1:7: not TOML: Error while parsing key-value pair: encountered end-of-file"},
      {"[client", "tidemill.toml:1:8: not TOML: Error while parsing table header: encountered end-of-file"},
      {"a = \"x", "tidemill.toml:1:7: not TOML: Error while parsing string: encountered end-of-file"},
      {"{\"client\": {}}",
       "tidemill.toml:1:1: not TOML: Error while parsing root table: expected keys, tables, whitespace "
       "or "
       "comments, saw '{'; this looks like JSON, which is not read"},
      {"[log]\nlevel = \"info\"\nlevel = \"warn\"",
       "tidemill.toml:3:9: not TOML: Error while parsing key-value pair: cannot redefine existing string "
       "'level'"},
      {"[.a]",
       "tidemill.toml:1:2: not TOML: Error while parsing key: expected bare key starting character or string "
       "delimiter, saw '.'"},
      {"[log]\n[log]",
       "tidemill.toml:2:1: not TOML: Error while parsing table header: cannot redefine existing table 'log'"},
      {"a = 1\nb = \"\xff\"", "tidemill.toml:2:5: not TOML: Encountered invalid utf-8 sequence"},
      {std::string_view("a = 1\nb\0", 8),
       "tidemill.toml:2: a NUL byte; this is not a text file, or a damaged one"},
      {std::string_view("\xff\xfe"
                        "a\0",
                        4),
       "tidemill.toml: the text is UTF-16; save it as UTF-8"},
      {deep,
       "tidemill.toml:1:261: not TOML: Error while parsing value: exceeded maximum nested value depth of 256 "
       "(TOML_MAX_NESTED_VALUES)"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.text.substr(0, 100));
    EXPECT_EQ(Why(LoadText(c.text)), c.message);
  }
}

TEST_F(LoadTest, RefusesFilesItCannotRead) {
  EXPECT_EQ(Why(Load({.file = "missing.toml"})), "missing.toml: no such file");
  EXPECT_EQ(Why(Load({.file = "/"})), "/: is a directory");
  EXPECT_EQ(Why(Load({.file = "/dev/null"})), "/dev/null: not a regular file");
  Write("big.toml", std::string(1024 * 1024 + 1, '\n'));
  EXPECT_EQ(Why(Load({.file = "big.toml"})), "big.toml: larger than 1024 KiB");
  Write("full.toml", std::string(1024 * 1024, '\n'));
  EXPECT_EQ(Why(Load({.file = "full.toml"})), "");
  Write("secret.toml", "");
  chmod("secret.toml", 0);
  if (geteuid() != 0) {
    EXPECT_EQ(Why(Load({.file = "secret.toml"})),
              "secret.toml: not readable by this user (uid " + std::to_string(geteuid()) + ")");
  }
}

TEST_F(LoadTest, AcceptsFilesWithNothingToSay) {
  for (const std::string_view text :
       {"", "\n\n", "# only a comment", "\xef\xbb\xbf[client]\n", "[client]\n[log]"}) {
    SCOPED_TRACE(text);
    const Result<Settings> loaded = LoadText(text);
    ASSERT_TRUE(loaded) << loaded.error().detail;
    EXPECT_EQ(*loaded, Settings{});
  }
}

TEST_F(LoadTest, TellsAllProblemsAtOnce) {
  Write("tidemill.toml",
        "[client]\nping_interval = \"x\"\ninsecure = 5\nnope = 1\n[websocket]\nhandler_prefix = \"\"");
  const Result<Settings> loaded = Load(
      {.file = "tidemill.toml", .environment = {{"TIDEMILL_LOOPS", "x"}}, .flags = {{"log.level", "loud"}}});
  EXPECT_EQ(
      Why(loaded),
      "tidemill.toml:2: client.ping_interval = \"x\": not a duration; write it like \"25s\" (1s … 1h)\n"
      "tidemill.toml:3: client.insecure = 5: not a boolean; write true or false\n"
      "tidemill.toml:4: client.nope: unknown; `tidemill config doc` lists all settings\n"
      "TIDEMILL_LOOPS = \"x\": not a whole number; accepted: 0 … 64\n"
      "--log.level = \"loud\": accepted: \"debug\", \"info\", \"warn\", \"error\", \"off\"\n"
      "tidemill.toml:6: websocket.handler_prefix = \"\": not a path; it begins with a \"/\" and does not end "
      "with one");
}

TEST_F(LoadTest, BoundsTheNumberOfProblemsItTells) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "zzzzzzzzzzz" + std::to_string(i) + " = 1\n";
  const std::string why = Why(LoadText(text));
  EXPECT_EQ(std::ranges::count(why, '\n'), 100);
  EXPECT_TRUE(why.ends_with("\nand 50 more"));
}

TEST_F(LoadTest, CutsLongValuesInMessages) {
  const std::string why = Why(LoadText("log.level = \"" + std::string(70, 'a') + "ü\""));
  EXPECT_TRUE(why.contains("\"" + std::string(64, 'a') + "…\"")) << why;
}

TEST(NeedRestart, NamesWhatAReloadDoesNotTakeOver) {
  const Settings running;
  Settings wanted;
  wanted.client.ping_interval = Seconds(5);
  wanted.channel.namespaces["chat"].presence = true;
  EXPECT_EQ(NeedRestart(running, wanted), std::vector<std::string>{});

  wanted.loops = 7;
  wanted.http_server.listen = {":9000"};
  EXPECT_EQ(NeedRestart(running, wanted), (std::vector<std::string>{"loops", "http_server.listen"}));
}

}  // namespace
}  // namespace tidemill::settings
