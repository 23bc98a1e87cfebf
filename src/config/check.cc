#include "config/check.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/keys.h"
#include "config/load.h"
#include "config/redis_address.h"
#include "config/value.h"

namespace tidemill::config {
namespace {

constexpr std::size_t kNamespacesMax = 1000;
constexpr int kRegexMemoryBytesMax = 1 << 20;

bool IsNamespaceName(std::string_view name) {
  return name.size() >= 2 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.';
         });
}

// A part of a key of Redis: nothing that is a hash tag ("{"), a pattern, or a blank.
bool IsRedisWord(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
}

class Checker {
 public:
  explicit Checker(const Settings& settings) : settings_(settings) {}

  std::vector<Finding> Run() && {
    CheckClient();
    CheckServer();
    CheckTokens();
    CheckRedis();
    CheckOptions("channel.without_namespace.", settings_.channel.without_namespace);
    const auto& namespaces = settings_.channel.namespaces;
    if (namespaces.size() > kNamespacesMax) {
      Add(std::string(kNamespacesKey), {}, fmt::format(": more than {} namespaces", kNamespacesMax));
    }
    for (const auto& [name, options] : namespaces) {
      CheckNamespaceName(name);
      CheckOptions(fmt::format("{}.{}.", kNamespacesKey, name), options);
    }
    return std::move(findings_);
  }

 private:
  void Add(std::string key, std::vector<std::string> others, std::string text) {
    findings_.push_back({std::move(key), std::move(others), std::move(text)});
  }

  void CheckClient() {
    const ClientSettings& client = settings_.client;
    if (client.pong_timeout >= client.ping_interval) {
      Add("client.pong_timeout", {"client.ping_interval"},
          fmt::format(" = \"{}\": must be less than client.ping_interval, \"{}\"",
                      ToString(client.pong_timeout), ToString(client.ping_interval)));
    }
    if (const std::string& name = client.personal_channel_namespace;
        !name.empty() && !settings_.channel.namespaces.contains(name)) {
      Add("client.subscribe_to_user_personal_channel.personal_channel_namespace", {},
          fmt::format(" = {}: no such namespace in channel.namespaces", Quote(name)));
    }
  }

  void CheckServer() {
    const HttpServerSettings& server = settings_.http_server;
    if (server.listen.empty()) {
      Add("http_server.listen", {}, " = []: needs an address, such as \"127.0.0.1:8000\"");
    }
    if (server.tls_cert_file.empty() != server.tls_key_file.empty()) {
      const bool no_key = server.tls_key_file.empty();
      Add(no_key ? "http_server.tls.cert_pem" : "http_server.tls.key_pem",
          {no_key ? "http_server.tls.key_pem" : "http_server.tls.cert_pem"},
          fmt::format(": needs http_server.tls.{} as well", no_key ? "key_pem" : "cert_pem"));
    }
    CheckPath("http_api.handler_prefix", settings_.http_api.handler_prefix);
    CheckPath("websocket.handler_prefix", settings_.websocket.handler_prefix);
    if (settings_.http_api.handler_prefix == settings_.websocket.handler_prefix) {
      Add("http_api.handler_prefix", {"websocket.handler_prefix"}, ": the same as websocket.handler_prefix");
    }
  }

  void CheckPath(std::string key, std::string_view path) {
    const bool good =
        path.size() >= 2 && path.front() == '/' && path.back() != '/' &&
        std::ranges::all_of(path, [](char c) {
          return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '*' && c != '{' && c != '}';
        });
    if (!good) {
      Add(std::move(key), {},
          fmt::format(" = {}: not a path; it begins with a \"/\" and does not end with one", Quote(path)));
    }
  }

  void CheckTokens() {
    const ClientSettings& client = settings_.client;
    CheckEndpoint("client.token.jwks_public_endpoint", client.token.jwks_public_endpoint);
    if (client.subscription_token) {
      CheckEndpoint("client.subscription_token.jwks_public_endpoint",
                    client.subscription_token->jwks_public_endpoint);
    }
  }

  void CheckEndpoint(std::string key, std::string_view url) {
    if (url.empty() || url.starts_with("https://") || url.starts_with("http://")) return;
    Add(std::move(key), {}, fmt::format(" = {}: not a URL that begins with https:// or http://", Quote(url)));
  }

  void CheckRedis() {
    const RedisSettings& redis = settings_.broker.redis;
    CheckTopology(redis);
    CheckAddresses("broker.redis.address", redis.address, OnlyDb0::kNo);
    CheckAddresses("broker.redis.cluster_address", redis.cluster_address, OnlyDb0::kYes);
    CheckAddresses("broker.redis.sentinel_address", redis.sentinel_address, OnlyDb0::kYes);
    if (!redis.cluster_address.empty() && redis.db != 0) {
      Add("broker.redis.db", {"broker.redis.cluster_address"},
          fmt::format(" = {}: a cluster has only database 0", redis.db));
    }
    if (redis.presence_ttl <= settings_.client.presence_update_interval) {
      Add("broker.redis.presence_ttl", {"client.presence_update_interval"},
          fmt::format(" = \"{}\": must be more than client.presence_update_interval, \"{}\"",
                      ToString(redis.presence_ttl), ToString(settings_.client.presence_update_interval)));
    }
    if (!IsRedisWord(redis.prefix)) {
      Add("broker.redis.prefix", {},
          fmt::format(" = {}: accepted: one or more of letters, digits, \"-\", \"_\", \".\", \":\"",
                      Quote(redis.prefix)));
    }
    if (!redis.client_name.empty() && !IsRedisWord(redis.client_name)) {
      Add("broker.redis.client_name", {},
          fmt::format(" = {}: accepted: letters, digits, \"-\", \"_\", \".\", \":\"",
                      Quote(redis.client_name)));
    }
  }

  void CheckTopology(const RedisSettings& redis) {
    const std::pair<std::string_view, bool> lists[] = {{"address", !redis.address.empty()},
                                                       {"cluster_address", !redis.cluster_address.empty()},
                                                       {"sentinel_address", !redis.sentinel_address.empty()}};
    std::string first;
    for (const auto& [name, given] : lists) {
      if (!given) continue;
      const std::string key = fmt::format("broker.redis.{}", name);
      if (!first.empty()) Add(key, {first}, fmt::format(": {} is given as well; keep one of them", first));
      if (first.empty()) first = key;
    }
    if (first.empty() && settings_.broker.type == "redis") {
      Add("broker.type",
          {"broker.redis.address", "broker.redis.cluster_address", "broker.redis.sentinel_address"},
          " = \"redis\": needs broker.redis.address, cluster_address or sentinel_address");
    }
    if (redis.sentinel_address.empty() != redis.sentinel_master_name.empty()) {
      const bool no_name = redis.sentinel_master_name.empty();
      Add(no_name ? "broker.redis.sentinel_address" : "broker.redis.sentinel_master_name",
          {no_name ? "broker.redis.sentinel_master_name" : "broker.redis.sentinel_address"},
          fmt::format(": needs broker.redis.{} as well",
                      no_name ? "sentinel_master_name" : "sentinel_address"));
    }
  }

  enum class OnlyDb0 : std::uint8_t { kNo, kYes };
  // Addresses are not quoted: what is not one may still hold a password.
  void CheckAddresses(const std::string& key, const std::vector<Address>& addresses, OnlyDb0 only_db_0) {
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const Result<RedisAddress> address = RedisAddress::Parse(addresses[i].text);
      const std::string which =
          addresses.size() == 1 ? "" : fmt::format(" (address {} of {})", i + 1, addresses.size());
      if (!address) {
        Add(key, {}, fmt::format("{}: not an address of Redis: {}", which, address.error().detail));
      } else if (only_db_0 == OnlyDb0::kYes && address->db != 0) {
        Add(key, {}, fmt::format("{}: only database 0 is there", which));
      }
    }
  }

  void CheckNamespaceName(const std::string& name) {
    if (IsNamespaceName(name)) return;
    Add(std::string(kNamespacesKey), {},
        fmt::format(": name = {}: accepted: two or more of letters, digits, \"-\", \"_\", \".\"",
                    Quote(name)));
  }

  void CheckOptions(const std::string& prefix, const ChannelOptions& options) {
    CheckHistory(prefix, options);
    if (!options.channel_regex.empty()) {
      RE2::Options quiet;
      quiet.set_log_errors(false);
      quiet.set_max_mem(kRegexMemoryBytesMax);
      const RE2 expression(options.channel_regex, quiet);
      if (!expression.ok()) {
        Add(prefix + "channel_regex", {},
            fmt::format(" = {}: not an RE2 expression: {}", Quote(options.channel_regex),
                        expression.error()));
      }
    }
  }

  void CheckHistory(const std::string& prefix, const ChannelOptions& options) {
    const std::string size_key = prefix + "history_size";
    const std::string ttl_key = prefix + "history_ttl";
    const bool has_size = options.history_size > 0;
    const bool has_ttl = options.history_ttl > Duration{};
    if (has_size != has_ttl) {
      Add(has_size ? size_key : ttl_key, {has_size ? ttl_key : size_key},
          fmt::format(": needs {} as well", has_size ? "history_ttl" : "history_size"));
    }
    const std::pair<std::string_view, bool> needing[] = {{"force_positioning", options.force_positioning},
                                                         {"allow_positioning", options.allow_positioning},
                                                         {"force_recovery", options.force_recovery},
                                                         {"allow_recovery", options.allow_recovery}};
    for (const auto& [name, on] : needing) {
      if (on && !has_size && !has_ttl) {
        Add(fmt::format("{}{}", prefix, name), {size_key, ttl_key},
            " = true: needs history_size and history_ttl above 0");
      }
    }
    const bool own_meta_ttl = options.history_meta_ttl > Duration{};
    const Duration meta_ttl = own_meta_ttl ? options.history_meta_ttl : settings_.channel.history_meta_ttl;
    const std::string meta_key = own_meta_ttl ? prefix + "history_meta_ttl" : "channel.history_meta_ttl";
    if (meta_ttl < options.history_ttl) {
      Add(ttl_key, {meta_key},
          fmt::format(" = \"{}\": longer than {}, \"{}\"", ToString(options.history_ttl), meta_key,
                      ToString(meta_ttl)));
    }
  }

  const Settings& settings_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> FindContradictions(const Settings& settings) { return Checker(settings).Run(); }

Result<void> Check(const Settings& settings) {
  std::string lines;
  for (const Finding& finding : FindContradictions(settings)) {
    lines += fmt::format("{}{}{}", lines.empty() ? "" : "\n", finding.key, finding.text);
  }
  if (!lines.empty()) return Fail(Errc::kInvalidArgument, std::move(lines));
  return {};
}

}  // namespace tidemill::config
