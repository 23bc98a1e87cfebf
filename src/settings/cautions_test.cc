#include "settings/cautions.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "settings/settings.h"

namespace tidemill::settings {
namespace {

using Flags = std::vector<std::pair<std::string, std::string>>;

// The settings that are warned of when these are in a file; of the user alone nothing can be said here.
std::vector<std::string> Found(const Settings& settings, const config::Sources& sources = {}) {
  std::vector<std::string> names;
  for (const Caution& caution : FindCautions(settings, sources)) {
    EXPECT_FALSE(caution.why.empty());
    if (caution.setting != "user") names.push_back(caution.setting);
  }
  return names;
}

std::vector<std::string> FoundWith(const Flags& flags) {
  const auto settings = Load({.flags = flags});
  EXPECT_TRUE(settings) << settings.error().detail;
  return Found(settings.value_or(Settings{}));
}

using Names = std::vector<std::string>;

TEST(FindCautions, HaveNothingAgainstTheDefaults) {
  EXPECT_EQ(Found(Settings{}), Names{});
  const auto all = FindCautions(Settings{}, {});
  EXPECT_EQ(all.empty(), geteuid() != 0) << "root is told";
}

TEST(FindCautions, FindEachWayToAllowAllOrigins) {
  for (const char* all : {"*", "https://*", "http://*:*", "**", "*://*", "https://a.com http*://*"}) {
    EXPECT_EQ(FoundWith({{"client.allowed_origins", all}}), Names{"client.allowed_origins"}) << all;
  }
  for (const char* some : {"https://*.a.com", "*.com", "http://localhost:*", "null"}) {
    EXPECT_EQ(FoundWith({{"client.allowed_origins", some}}), Names{}) << some;
  }
}

TEST(FindCautions, FindMetricsThatOthersCanReach) {
  EXPECT_EQ(FoundWith({{"http_server.listen", ":8000"}}), Names{"prometheus.enabled"});
  EXPECT_EQ(FoundWith({{"http_server.listen", ":8000"}, {"prometheus.enabled", "false"}}), Names{});
  EXPECT_EQ(FoundWith({{"http_server.listen", ":8000"}, {"http_server.internal_listen", "127.0.0.1:9000"}}),
            Names{});
  EXPECT_EQ(FoundWith({{"http_server.listen", ":8000"}, {"http_server.internal_listen", "10.0.0.1:9000"}}),
            Names{"prometheus.enabled"});
  EXPECT_EQ(FoundWith({{"http_server.listen", "unix:/s [::1]:8000"}}), Names{});
}

TEST(FindCautions, FindCallersThatHaveTheRightsOfTheServer) {
  const std::pair<std::string, std::string> url = {"storage.postgres.url", "postgres://u@127.0.0.1/d"};
  const std::pair<std::string, std::string> folder = {"queries.folder", "queries"};
  EXPECT_EQ(FoundWith({url, folder}), Names{"queries.postgres.anonymous_role"});
  EXPECT_EQ(FoundWith({url, folder, {"queries.postgres.anonymous_role", "anon"}}), Names{});
  EXPECT_EQ(FoundWith({url}), Names{});
}

TEST(FindCautions, FindKeysThatCanBeGuessed) {
  EXPECT_EQ(FoundWith({{"client.token.hmac_secret_key", std::string(31, 'k')}}),
            Names{"client.token.hmac_secret_key"});
  EXPECT_EQ(FoundWith({{"client.token.hmac_secret_key", std::string(32, 'k')}}), Names{});
  EXPECT_EQ(FoundWith({{"client.token.hmac_secret_key", "base64:" + std::string(40, 'k')}}),
            Names{"client.token.hmac_secret_key"})
      << "30 bytes";
  EXPECT_EQ(FoundWith({{"client.subscription_token.enabled", "true"},
                       {"client.subscription_token.hmac_previous_secret_key", "k"}}),
            Names{"client.subscription_token.hmac_previous_secret_key"});
  EXPECT_EQ(FoundWith({{"http_api.key", std::string(16, 'k') + " short"}}), Names{"http_api.key"});
  EXPECT_EQ(FoundWith({{"http_api.key", std::string(16, 'k')}}), Names{});
}

TEST(FindCautions, FindSecretsInTheCommandLine) {
  const std::string key(32, 'k');
  EXPECT_EQ(Found(Settings{}, {.flags = {{"http_api.key", key},
                                         {"client.token.hmac_secret_key", "file:/run/secrets/key"},
                                         {"broker.redis.password", "x"},
                                         {"broker.redis.address", "redis://h"},
                                         {"broker.redis.cluster_address", "redis://:x@h"},
                                         {"client.insecure", "true"}}}),
            (Names{"http_api.key", "broker.redis.password", "broker.redis.cluster_address"}));
}

TEST(FindCautions, FindALimitThatOnlyAProxyMeets) {
  EXPECT_EQ(FoundWith({{"client.connection_limit_per_address", "9"}}),
            Names{"client.connection_limit_per_address"});
  EXPECT_EQ(
      FoundWith({{"client.connection_limit_per_address", "9"}, {"http_server.trusted_proxies", "127.0.0.1"}}),
      Names{});
  EXPECT_EQ(FoundWith({{"client.connection_limit_per_address", "9"},
                       {"http_server.listen", ":8000"},
                       {"prometheus.enabled", "false"}}),
            Names{});
}

}  // namespace
}  // namespace tidemill::settings
