#include "redis/testing/sentinel_set.h"

#include <algorithm>

namespace tidemill::redis::testing {
namespace {

using tidemill::testing::GiveUp;
using tidemill::testing::WaitUntil;

std::vector<std::string> Joined(std::vector<std::string> lines, std::vector<std::string> more) {
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

// The value of a field in the flat list of fields and values that SENTINEL MASTER gives.
std::string FieldOf(const Reply& reply, std::string_view field) {
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    if (reply.elements[i].text == field) return reply.elements[i + 1].text;
  }
  return "";
}

}  // namespace

SentinelSet::SentinelSet(SentinelSetOptions options) {
  // A server that was the primary may become a replica, which must then authenticate.
  std::vector<std::string> lines = options.lines;
  if (!options.credentials.password.empty()) lines.push_back("masterauth " + options.credentials.password);
  if (!options.credentials.user.empty()) lines.push_back("masteruser " + options.credentials.user);
  servers.push_back(
      std::make_unique<RedisServer>(ServerOptions{.credentials = options.credentials, .lines = lines}));
  const std::string replica_of = "replicaof 127.0.0.1 " + std::to_string(servers[0]->port());
  for (std::size_t i = 0; i < options.replicas; ++i) {
    servers.push_back(std::make_unique<RedisServer>(
        ServerOptions{.credentials = options.credentials, .lines = Joined(lines, {replica_of})}));
  }
  const bool linked = WaitUntil([this] {
    return std::all_of(servers.begin() + 1, servers.end(),
                       [](const auto& replica) { return replica->Info("master_link_status") == "up"; });
  });
  if (!linked) GiveUp("a replica does not find its primary:\n" + servers.back()->log());
  for (std::size_t i = 0; i < options.sentinels; ++i) {
    sentinels.push_back(std::make_unique<RedisServer>(SentinelOptions(options)));
  }
  if (!WaitUntil([&] { return AllKnown(options); })) {
    GiveUp("a sentinel does not find the others:\n" + sentinels[0]->log());
  }
}

ServerOptions SentinelSet::SentinelOptions(const SentinelSetOptions& options) const {
  const std::string name = kMasterName;
  const std::size_t quorum = options.sentinels / 2 + 1;
  std::vector<std::string> lines = {"sentinel monitor " + name + " 127.0.0.1 " +
                                        std::to_string(servers[0]->port()) + " " + std::to_string(quorum),
                                    "sentinel down-after-milliseconds " + name + " 500",
                                    "sentinel failover-timeout " + name + " 3000"};
  const auto add = [&lines](const std::string& before, const std::string& value) {
    if (!value.empty()) lines.push_back(before + value);
  };
  add("sentinel auth-user " + name + " ", options.credentials.user);
  add("sentinel auth-pass " + name + " ", options.credentials.password);
  add("sentinel sentinel-user ", options.sentinel_credentials.user);
  add("sentinel sentinel-pass ", options.sentinel_credentials.password);
  return {
      .credentials = options.sentinel_credentials, .lines = lines, .role = ServerOptions::Role::kSentinel};
}

bool SentinelSet::AllKnown(const SentinelSetOptions& options) const {
  return std::ranges::all_of(sentinels, [&](const auto& sentinel) {
    const Reply master = sentinel->Ask({"SENTINEL", "MASTER", kMasterName});
    return FieldOf(master, "num-slaves") == std::to_string(options.replicas) &&
           FieldOf(master, "num-other-sentinels") == std::to_string(options.sentinels - 1) &&
           FieldOf(master, "flags") == "master";
  });
}

// Null while the running sentinels do not agree.
RedisServer* SentinelSet::FindPrimary() const {
  RedisServer* found = nullptr;
  for (const auto& sentinel : sentinels) {
    if (!sentinel->running()) continue;
    const Reply address = sentinel->Ask({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", kMasterName});
    if (address.elements.size() != 2) return nullptr;
    const auto server = std::ranges::find_if(
        servers, [&](const auto& s) { return std::to_string(s->port()) == address.elements[1].text; });
    if (server == servers.end() || (found && found != server->get())) return nullptr;
    found = server->get();
  }
  return found;
}

RedisServer& SentinelSet::Primary() const {
  RedisServer* primary = nullptr;
  if (!WaitUntil([&] { return (primary = FindPrimary()) != nullptr; })) {
    GiveUp("the sentinels do not agree about the primary");
  }
  return *primary;
}

RedisServer& SentinelSet::AwaitPrimaryOtherThan(const RedisServer& before) {
  RedisServer* primary = nullptr;
  const bool moved = WaitUntil([&] {
    primary = FindPrimary();
    return primary && primary != &before && primary->running() && primary->Info("role") == "master";
  });
  if (!moved) GiveUp("no failover:\n" + sentinels[0]->log());
  return *primary;
}

RedisServer& SentinelSet::FailOver() {
  RedisServer& before = Primary();
  // Refused until a good replica is known.
  const bool asked =
      WaitUntil([this] { return !sentinels[0]->Ask({"SENTINEL", "FAILOVER", kMasterName}).is_error(); });
  if (!asked) GiveUp("the sentinel refuses a failover:\n" + sentinels[0]->log());
  return AwaitPrimaryOtherThan(before);
}

std::vector<std::string> SentinelSet::SentinelAddresses() const {
  std::vector<std::string> addresses;
  for (const auto& sentinel : sentinels) addresses.push_back(sentinel->endpoint().ToString());
  return addresses;
}

}  // namespace tidemill::redis::testing
