#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "config/environment.h"
#include "settings/settings.h"

namespace tidemill::settings {
namespace {

// The detail of the error; "" when there was none.
std::string Why(const Result<Settings>& loaded) { return loaded ? "" : loaded.error().detail; }

TEST(Sources, TakesTheLaterOfFileEnvironmentAndFlags) {
  const std::string path = ::testing::TempDir() + "tidemill-sources-test.toml";
  std::ofstream(path) << "client.ping_interval = \"10s\"\nclient.channel_limit = 10\nloops = 10\n"
                         "[[channel.namespaces]]\nname = \"chat\"\nhistory_size = 10\nhistory_ttl = \"1m\"\n";
  const Result<Settings> loaded =
      Load({.file = path,
            .environment = {{"TIDEMILL_CLIENT_CHANNEL_LIMIT", "20"},
                            {"TIDEMILL_LOOPS", "20"},
                            {"TIDEMILL_CHANNEL_NAMESPACES_CHAT_HISTORY_SIZE", "20"},
                            {"HOME", "/"}},
            .flags = {{"loops", "30"}}});
  remove(path.c_str());
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded->client.ping_interval, Seconds(10));
  EXPECT_EQ(loaded->client.channel_limit, 20U);
  EXPECT_EQ(loaded->loops, 30U);
  EXPECT_EQ(loaded->channel.namespaces.at("chat").history_size, 20U);
  EXPECT_EQ(loaded->channel.namespaces.at("chat").history_ttl, Minutes(1));
}

TEST(Sources, ChangesTheBaseOnlyWhereSomethingIsGiven) {
  Settings base;
  base.loops = 3;
  base.client.channel_limit = 3;
  base.channel.namespaces["demo"].presence = true;
  const Result<Settings> loaded =
      Load({.flags = {{"loops", "5"}, {"channel.namespaces.demo.join_leave", "true"}}}, base);
  ASSERT_TRUE(loaded) << loaded.error().detail;
  base.loops = 5;
  base.channel.namespaces["demo"].join_leave = true;
  EXPECT_EQ(*loaded, base);
}

TEST(Sources, ReadsEveryTypeFromTheEnvironment) {
  const Result<Settings> loaded =
      Load({.environment = {{"TIDEMILL_CLIENT_INSECURE", "true"},
                            {"TIDEMILL_HEALTH_ENABLED", "0"},
                            {"TIDEMILL_CLIENT_PING_INTERVAL", "1m30s"},
                            {"TIDEMILL_BROKER_HISTORY_BYTES_MAX", "5000000"},
                            {"TIDEMILL_NODE_NAME", "a b"},
                            {"TIDEMILL_CLIENT_TOKEN_HMAC_SECRET_KEY", "secret"},
                            {"TIDEMILL_CLIENT_TOKEN_HMAC_PREVIOUS_SECRET_KEY_VALID_UNTIL", "1700000000"},
                            {"TIDEMILL_CLIENT_SUBSCRIPTION_TOKEN_ENABLED", "true"},
                            {"TIDEMILL_CLIENT_SUBSCRIPTION_TOKEN_HMAC_SECRET_KEY", "other"},
                            {"TIDEMILL_HTTP_API_KEY", " k1  k2 "},
                            {"TIDEMILL_CLIENT_ALLOWED_ORIGINS", "https://a http{,s}://b"},
                            {"TIDEMILL_CLIENT_SUBSCRIBE_TO_USER_PERSONAL_CHANNEL_ENABLED", "true"},
                            {"TIDEMILL_CHANNEL_NAMESPACES", "chat my-news"},
                            {"TIDEMILL_CHANNEL_NAMESPACES_MY_NEWS_PRESENCE", "true"}}});
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_TRUE(loaded->client.insecure);
  EXPECT_FALSE(loaded->health_enabled);
  EXPECT_EQ(loaded->client.ping_interval, Seconds(90));
  EXPECT_EQ(loaded->broker.history_bytes_max, 5'000'000U);
  EXPECT_EQ(loaded->node_name, "a b");
  EXPECT_EQ(loaded->client.token.hmac_secret_key.value, "secret");
  EXPECT_EQ(loaded->client.token.hmac_previous_secret_key_valid_until, 1'700'000'000);
  EXPECT_TRUE(loaded->client.subscription_token_enabled);
  EXPECT_EQ(loaded->client.subscription_token.hmac_secret_key.value, "other");
  EXPECT_EQ(loaded->http_api.keys, (std::vector<config::Secret>{{"k1"}, {"k2"}}));
  EXPECT_EQ(loaded->client.allowed_origins, (std::vector<std::string>{"https://a", "http{,s}://b"}));
  EXPECT_TRUE(loaded->client.subscribe_to_user_personal_channel);
  EXPECT_EQ(loaded->channel.namespaces.size(), 2U);
  EXPECT_TRUE(loaded->channel.namespaces.at("my-news").presence);
}

TEST(Sources, RefusesBadVariables) {
  struct Case {
    std::map<std::string, std::string> environment;
    std::string_view message;
  };
  const Case cases[] = {
      {{{"TIDEMILL_CLIENT_PING_INTERVALL", "5s"}},
       "TIDEMILL_CLIENT_PING_INTERVALL: unknown; did you mean TIDEMILL_CLIENT_PING_INTERVAL?"},
      {{{"TIDEMILL_ENGINE_TYPE", "redis"}},
       "TIDEMILL_ENGINE_TYPE: a setting of Centrifugo that is not available in this version; choose with "
       "broker.type, and broker.redis"},
      {{{"TIDEMILL_CHANNEL_WITHOUT_NAMESPACE_SHARED_POLL_PUBLISH_ENABLED", "true"}},
       "TIDEMILL_CHANNEL_WITHOUT_NAMESPACE_SHARED_POLL_PUBLISH_ENABLED: a setting of Centrifugo that is not "
       "available in this version; a shorter shared_poll.refresh_interval, or a map channel, tells of "
       "changes "
       "sooner"},
      {{{"TIDEMILL_CHANNEL_NAMESPACES_CHAT_PRESENCE", "true"}},
       "TIDEMILL_CHANNEL_NAMESPACES_CHAT_PRESENCE: no such option, or a namespace that "
       "TIDEMILL_CHANNEL_NAMESPACES "
       "does not list"},
      {{{"TIDEMILL_CHANNEL_NAMESPACES", "my-news my_news"},
        {"TIDEMILL_CHANNEL_NAMESPACES_MY_NEWS_PRESENCE", "1"}},
       "TIDEMILL_CHANNEL_NAMESPACES_MY_NEWS_PRESENCE: stands for both channel.namespaces.my-news.presence "
       "and "
       "channel.namespaces.my_news.presence; set them in the file"},
      {{{"TIDEMILL_CLIENT_INSECURE", "yes"}},
       R"(TIDEMILL_CLIENT_INSECURE = "yes": not a boolean; write true or false)"},
      {{{"TIDEMILL_LOOPS", ""}}, R"(TIDEMILL_LOOPS = "": not a whole number; accepted: 0 … 64)"},
      {{{"TIDEMILL_LOOPS", "99999999999999999999"}},
       R"(TIDEMILL_LOOPS = "99999999999999999999": out of range; accepted: 0 … 64)"},
      {{{"TIDEMILL_NODE_NAME", "\xff"}}, "TIDEMILL_NODE_NAME = \"\xff\": not UTF-8"},
      {{{"TIDEMILL_CLIENT_ALLOWED_ORIGINS", "https://a.com,https://b.com"}},
       R"(TIDEMILL_CLIENT_ALLOWED_ORIGINS = "https://a.com,https://b.com": blanks separate the values of a )"
       R"(list here, "a b"; one with a comma in it can stand in the file only)"},
      {{{"TIDEMILL_CLIENT_ALLOWED_ORIGINS", R"(["https://a.com"])"}},
       R"(TIDEMILL_CLIENT_ALLOWED_ORIGINS = "[\"https://a.com\"]": blanks separate the values of a list )"
       R"(here, "a b"; one with a comma in it can stand in the file only)"},
      {{{"TIDEMILL_CLIENT_ALLOWED_ORIGINS", "https://a.com/ https://b.com"}},
       R"(TIDEMILL_CLIENT_ALLOWED_ORIGINS: "https://a.com/" is no origin pattern; write it like )"
       R"("https://example.com", "https://*.example.com" or "*")"},
      {{{"TIDEMILL_HTTP_API_KEY", "k1,k2"}},
       R"(TIDEMILL_HTTP_API_KEY = ***: blanks separate the values of a list here, "a b"; one with a comma )"
       R"(in it can stand in the file only)"},
      {{{"TIDEMILL_BROKER_REDIS_ADDRESS", "a:6379,b:6379"}},
       R"(TIDEMILL_BROKER_REDIS_ADDRESS = ***: blanks separate the values of a list here, "a b"; one with a )"
       R"(comma in it can stand in the file only)"},
      {{{"TIDEMILL_HTTP_SERVER_LISTEN", "[::1]:8000, :8001"}},
       R"(TIDEMILL_HTTP_SERVER_LISTEN = "[::1]:8000, :8001": blanks separate the values of a list here, )"
       R"("a b"; one with a comma in it can stand in the file only)"},
      {{{"TIDEMILL_CHANNEL_NAMESPACES", "chat,news"}},
       R"(channel.namespaces: name = "chat,news": accepted: two or more of letters, digits, "-", "_", ".")"},
      {{{"TIDEMILL_", "1"}}, "TIDEMILL_: unknown; `tidemill config doc` lists all settings"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message);
    EXPECT_EQ(Why(Load({.environment = c.environment})), c.message);
  }
}

TEST(Sources, PassesOverWhatKubernetesAndCommandsSet) {
  const Result<Settings> loaded = Load({.environment = {{"TIDEMILL_CONFIG", "x.toml"},
                                                        {"TIDEMILL_SERVICE_HOST", "10.0.0.1"},
                                                        {"TIDEMILL_SERVICE_PORT", "8000"},
                                                        {"TIDEMILL_SERVICE_PORT_HTTP", "8000"},
                                                        {"TIDEMILL_PORT", "tcp://10.0.0.1:8000"},
                                                        {"TIDEMILL_PORT_8000_TCP", "tcp://10.0.0.1:8000"},
                                                        {"TIDEMILL_PORT_8000_TCP_ADDR", "10.0.0.1"},
                                                        {"TIDEMILL_PORT_8000_TCP_PORT", "8000"},
                                                        {"TIDEMILL_PORT_8000_TCP_PROTO", "tcp"},
                                                        {"TIDEMILL_INTERNAL_SERVICE_HOST", "10.0.0.1"}}});
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(*loaded, Settings{});
}

TEST(Sources, ReadsFlagsAndRefusesBadOnes) {
  const Result<Settings> loaded = Load({.flags = {{"client.insecure", "true"},
                                                  {"channel.namespaces.a.b.history_size", "10"},
                                                  {"channel.namespaces.a.b.history_ttl", "10s"},
                                                  {"channel.namespaces", "news"}}});
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_TRUE(loaded->client.insecure);
  EXPECT_EQ(loaded->channel.namespaces.at("a.b").history_size, 10U);
  EXPECT_TRUE(loaded->channel.namespaces.contains("news"));

  struct Case {
    std::string_view flag;
    std::string_view message;
  };
  const Case cases[] = {
      {"client.pings_interval", "--client.pings_interval: unknown; did you mean --client.ping_interval?"},
      {"channel.namespaces.chat.nope",
       "--channel.namespaces.chat.nope: unknown; `tidemill config doc` lists all settings"},
      {"grpc_api.enabled",
       "--grpc_api.enabled: a setting of Centrifugo that is not available in this version; use the HTTP API"},
      {"loops", R"(--loops = "x": not a whole number; accepted: 0 … 64)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.flag);
    EXPECT_EQ(Why(Load({.flags = {{std::string(c.flag), "x"}}})), c.message);
  }
}

TEST(Sources, ReadsTheEnvironmentOfTheProcess) {
  setenv("TIDEMILL_NODE_NAME", "a=b", 1);
  const std::map<std::string, std::string> environment = config::Environment();
  unsetenv("TIDEMILL_NODE_NAME");
  EXPECT_EQ(environment.at("TIDEMILL_NODE_NAME"), "a=b");
  for (const auto& [name, value] : environment) EXPECT_TRUE(name.starts_with("TIDEMILL_"));
}

}  // namespace
}  // namespace tidemill::settings
