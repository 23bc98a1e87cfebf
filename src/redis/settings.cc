#include "redis/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "config/section.h"
#include "config/value.h"
#include "redis/address.h"

namespace tidemill::redis {
namespace {

constexpr config::Row<RedisSettings> kRedis[] = {
    {"address",
     config::Of<&RedisSettings::address>,
     {.doc =
          "A Redis: \"10.0.0.7:6379\", \"redis://user:password@host:6379/0\", \"rediss://…\" for TLS, "
          "\"unix:///run/redis.sock\". Several share the channels out among them; the list is the same, in "
          "the same order, for every node.",
      .reload = config::Reload::kNo}},
    {"cluster_address",
     config::Of<&RedisSettings::cluster_address>,
     {.doc = "Some nodes of a Redis Cluster; the others are learned from them.",
      .reload = config::Reload::kNo}},
    {"sentinel_address",
     config::Of<&RedisSettings::sentinel_address>,
     {.doc = "Sentinels, asked in turn where the primary is; with sentinel_master_name.",
      .reload = config::Reload::kNo}},
    {"sentinel_master_name",
     config::Of<&RedisSettings::sentinel_master_name>,
     {.doc = "What the sentinels call the primary.", .reload = config::Reload::kNo}},
    {"sentinel_user",
     config::Of<&RedisSettings::sentinel_user>,
     {.doc = "User at the sentinels; the default one when empty.", .reload = config::Reload::kNo}},
    {"sentinel_password",
     config::Of<&RedisSettings::sentinel_password>,
     {.doc = "Password at the sentinels.", .reload = config::Reload::kNo}},
    {"user",
     config::Of<&RedisSettings::user>,
     {.doc = "User at Redis where an address names none; the default one when empty.",
      .reload = config::Reload::kNo}},
    {"password",
     config::Of<&RedisSettings::password>,
     {.doc = "Password at Redis where an address has none.", .reload = config::Reload::kNo}},
    {"db",
     config::Of<&RedisSettings::db>,
     {.doc = "Database of Redis where an address names none; a cluster has only 0.",
      .max = std::numeric_limits<std::int32_t>::max(),
      .reload = config::Reload::kNo}},
    {"tls.enabled",
     config::Of<&RedisSettings::tls_enabled>,
     {.doc = "TLS to every Redis and sentinel, whatever the scheme of its address.",
      .reload = config::Reload::kNo}},
    {"tls.server_ca_pem",
     config::Of<&RedisSettings::tls_ca_file>,
     {.doc =
          "File with the certificates in PEM that are trusted to vouch for Redis; the system's when empty.",
      .reload = config::Reload::kNo}},
    {"tls.server_name",
     config::Of<&RedisSettings::tls_server_name>,
     {.doc = "Name in Redis' certificate; the host of its address when empty.",
      .reload = config::Reload::kNo}},
    {"prefix",
     config::Of<&RedisSettings::prefix>,
     {.doc = "Begins each key and each pub/sub channel; nodes with the same one belong together.",
      .reload = config::Reload::kNo}},
    {"client_name",
     config::Of<&RedisSettings::client_name>,
     {.doc = "Name of the connections in CLIENT LIST.", .reload = config::Reload::kNo}},
    {"connect_timeout",
     config::Of<&RedisSettings::connect_timeout>,
     {.doc = "Until a connection to Redis is there: name, TCP, TLS and authentication together.",
      .min = 10,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"io_timeout",
     config::Of<&RedisSettings::io_timeout>,
     {.doc = "How long Redis may take to answer; then the connection is made anew.",
      .min = 10,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"presence_ttl",
     config::Of<&RedisSettings::presence_ttl>,
     {.doc = "How long the presence of a dead node's clients stays; more than "
             "client.presence_update_interval.",
      .min = config::kSecond,
      .max = 24 * config::kHour,
      .reload = config::Reload::kNo}},
    {"ready_grace",
     config::Of<&RedisSettings::ready_grace>,
     {.doc = "How long Redis may be away before /ready says 503.",
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"sharded_pub_sub",
     config::Of<&RedisSettings::sharded_pub_sub>,
     {.doc = "In a cluster, carries publications through the primary of the channel's slot only (SPUBLISH; "
             "Redis 7) and not through all nodes.",
      .reload = config::Reload::kNo}},
    {"plant_bug_for_test",
     config::Of<&RedisSettings::plant_bug_for_test>,
     {.doc = "Plants a bug of that name, which the tests' checkers must find.",
      .reload = config::Reload::kNo,
      .shown = config::Shown::kNo}},
};

// A part of a key of Redis: nothing that is a hash tag ("{"), a pattern, or a blank.
bool IsWord(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '-' || c == '_' || c == '.' || c == ':';
  });
}

class Checker {
 public:
  Checker(const RedisSettings& redis, std::string prefix, config::Findings& findings)
      : redis_(redis), prefix_(std::move(prefix)), findings_(findings) {}

  void CheckAll() {
    CheckTopology();
    CheckAddresses("address", redis_.address, OnlyDb0::kNo);
    CheckAddresses("cluster_address", redis_.cluster_address, OnlyDb0::kYes);
    CheckAddresses("sentinel_address", redis_.sentinel_address, OnlyDb0::kYes);
    if (!redis_.cluster_address.empty() && redis_.db != 0) {
      Add("db", {prefix_ + "cluster_address"},
          fmt::format(" = {}: a cluster has only database 0", redis_.db));
    }
    CheckWords();
  }

 private:
  enum class OnlyDb0 : std::uint8_t { kNo, kYes };

  void Add(std::string_view name, std::vector<std::string> others, std::string text) {
    findings_.push_back({fmt::format("{}{}", prefix_, name), std::move(others), std::move(text)});
  }

  void CheckTopology() {
    const std::pair<std::string_view, bool> lists[] = {
        {"address", !redis_.address.empty()},
        {"cluster_address", !redis_.cluster_address.empty()},
        {"sentinel_address", !redis_.sentinel_address.empty()}};
    std::string first;
    for (const auto& [name, given] : lists) {
      if (!given) continue;
      if (!first.empty()) Add(name, {first}, fmt::format(": {} is given as well; keep one of them", first));
      if (first.empty()) first = fmt::format("{}{}", prefix_, name);
    }
    if (redis_.sentinel_address.empty() == redis_.sentinel_master_name.empty()) return;
    const bool no_name = redis_.sentinel_master_name.empty();
    const std::string_view given = no_name ? "sentinel_address" : "sentinel_master_name";
    const std::string missing = prefix_ + (no_name ? "sentinel_master_name" : "sentinel_address");
    Add(given, {missing}, fmt::format(": needs {} as well", missing));
  }

  // Addresses are not quoted: what is not one may still hold a password.
  void CheckAddresses(std::string_view name, const std::vector<config::StoreAddress>& addresses,
                      OnlyDb0 only_db_0) {
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const Result<Address> address = Address::Parse(addresses[i].text);
      const std::string which =
          addresses.size() == 1 ? "" : fmt::format(" (address {} of {})", i + 1, addresses.size());
      if (!address) {
        Add(name, {}, fmt::format("{}: not an address of Redis: {}", which, address.error().detail));
      } else if (only_db_0 == OnlyDb0::kYes && address->db != 0) {
        Add(name, {}, fmt::format("{}: only database 0 is there", which));
      }
    }
  }

  void CheckWords() {
    if (!IsWord(redis_.prefix)) {
      Add("prefix", {},
          fmt::format(" = {}: accepted: one or more of letters, digits, \"-\", \"_\", \".\", \":\"",
                      config::Quote(redis_.prefix)));
    }
    if (!redis_.client_name.empty() && !IsWord(redis_.client_name)) {
      Add("client_name", {},
          fmt::format(" = {}: accepted: letters, digits, \"-\", \"_\", \".\", \":\"",
                      config::Quote(redis_.client_name)));
    }
  }

  const RedisSettings& redis_;
  const std::string prefix_;
  config::Findings& findings_;
};

void Check(const RedisSettings& redis, const std::string& prefix, config::Findings& findings) {
  Checker(redis, prefix, findings).CheckAll();
}

}  // namespace

config::Section<RedisSettings> RedisSection() { return {.rows = kRedis, .check = Check}; }

}  // namespace tidemill::redis
