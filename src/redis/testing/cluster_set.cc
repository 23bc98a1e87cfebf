#include "redis/testing/cluster_set.h"

#include <algorithm>
#include <utility>

namespace tidemill::redis::testing {
namespace {

using tidemill::testing::GiveUp;
using tidemill::testing::WaitUntil;

constexpr std::size_t kSlots = 16384;
constexpr std::uint16_t kBusOffset = 10'000;

std::string Id(const RedisServer& node) { return node.Ask({"CLUSTER", "MYID"}).text; }

void Do(const RedisServer& node, const Command& command) {
  const Reply reply = node.Ask(command);
  if (reply.is_error()) GiveUp(std::string(command.name()) + ": " + reply.text);
}

std::string FieldOf(const std::string& text, const std::string& name) {
  const std::size_t begin = text.find(name + ":");
  if (begin == text.npos) return "";
  const std::size_t value = begin + name.size() + 1;
  return text.substr(value, text.find('\r', value) - value);
}

}  // namespace

ClusterSet::ClusterSet(ClusterSetOptions options) : options_(std::move(options)) {
  const std::size_t all = options_.primaries * (1 + options_.replicas_each);
  for (std::size_t i = 0; i < all; ++i) nodes.push_back(NewNode());
  for (std::size_t i = 0; i < options_.primaries; ++i) {
    const std::size_t first = kSlots * i / options_.primaries;
    const std::size_t last = kSlots * (i + 1) / options_.primaries - 1;
    Command add{"CLUSTER", "ADDSLOTSRANGE"};
    add.Add(first).Add(last);
    Do(*nodes[i], add);
    Do(*nodes[i], Command{"CLUSTER", "SET-CONFIG-EPOCH"}.Add(i + 1));
  }
  for (std::size_t i = 1; i < all; ++i) Meet(*nodes[i]);
  AwaitHealth();
  for (std::size_t i = options_.primaries; i < all; ++i) {
    Do(*nodes[i], {"CLUSTER", "REPLICATE", Id(*nodes[i % options_.primaries])});
  }
  for (std::size_t i = options_.primaries; i < all; ++i) {
    if (!WaitUntil([&] { return nodes[i]->Info("master_link_status") == "up"; })) {
      GiveUp("a replica does not find its primary:\n" + nodes[i]->log());
    }
  }
  AwaitHealth();
}

std::unique_ptr<RedisServer> ClusterSet::NewNode() const {
  std::vector<std::string> lines = options_.lines;
  lines.insert(lines.end(), {"cluster-enabled yes", "cluster-config-file nodes.conf",
                             "cluster-node-timeout 1000", "cluster-announce-ip 127.0.0.1",
                             "cluster-allow-replica-migration no", "cluster-replica-validity-factor 0"});
  if (!options_.credentials.password.empty()) lines.push_back("masterauth " + options_.credentials.password);
  if (!options_.credentials.user.empty()) lines.push_back("masteruser " + options_.credentials.user);
  return std::make_unique<RedisServer>(ServerOptions{.credentials = options_.credentials, .lines = lines});
}

void ClusterSet::Meet(const RedisServer& node) const {
  Command meet{"CLUSTER", "MEET", "127.0.0.1"};
  meet.Add(node.port()).Add(node.port() + kBusOffset);
  Do(*nodes[0], meet);
}

// Every running node knows all nodes and all slots, and each node's place is known to all.
void ClusterSet::AwaitHealth() const {
  const bool healthy = WaitUntil([this] {
    return std::ranges::all_of(nodes, [this](const auto& node) {
      if (!node->running()) return true;
      const std::string info = node->Ask({"CLUSTER", "INFO"}).text;
      const std::string places = node->Ask({"CLUSTER", "NODES"}).text;
      return FieldOf(info, "cluster_state") == "ok" &&
             FieldOf(info, "cluster_known_nodes") == std::to_string(nodes.size()) &&
             !places.contains("handshake") && !places.contains("noaddr");
    });
  });
  if (!healthy) GiveUp("the cluster does not come together:\n" + nodes[0]->log());
}

std::vector<std::string> ClusterSet::Addresses() const {
  std::vector<std::string> addresses;
  for (const auto& node : nodes) addresses.push_back(node->endpoint().ToString());
  return addresses;
}

std::uint16_t ClusterSet::SlotOf(std::string_view key) const {
  const auto node = std::ranges::find_if(nodes, [](const auto& n) { return n->running(); });
  return static_cast<std::uint16_t>((*node)->Ask({"CLUSTER", "KEYSLOT", key}).integer);
}

// Null while the nodes do not agree.
RedisServer* ClusterSet::FindPrimary(std::uint16_t slot) const {
  RedisServer* found = nullptr;
  for (const auto& node : nodes) {
    if (!node->running()) continue;
    const Reply slots = node->Ask({"CLUSTER", "SLOTS"});
    const auto range = std::ranges::find_if(slots.elements, [slot](const Reply& r) {
      return r.elements[0].integer <= slot && slot <= r.elements[1].integer;
    });
    if (range == slots.elements.end()) return nullptr;
    const std::int64_t port = range->elements[2].elements[1].integer;
    const auto primary = std::ranges::find_if(nodes, [port](const auto& n) { return n->port() == port; });
    if (primary == nodes.end() || (found && found != primary->get())) return nullptr;
    found = primary->get();
  }
  return found;
}

RedisServer& ClusterSet::PrimaryOf(std::uint16_t slot) const {
  RedisServer* primary = nullptr;
  if (!WaitUntil([&] { return (primary = FindPrimary(slot)) != nullptr; })) {
    GiveUp("the nodes do not agree about slot " + std::to_string(slot));
  }
  return *primary;
}

void ClusterSet::BeginMove(std::uint16_t slot, RedisServer& from, RedisServer& to) {
  Do(to, Command{"CLUSTER", "SETSLOT"}.Add(slot).Add("IMPORTING").Add(Id(from)));
  Do(from, Command{"CLUSTER", "SETSLOT"}.Add(slot).Add("MIGRATING").Add(Id(to)));
}

void ClusterSet::MoveKeys(std::uint16_t slot, RedisServer& from, RedisServer& to) {
  while (true) {
    const Reply keys = from.Ask(Command{"CLUSTER", "GETKEYSINSLOT"}.Add(slot).Add(100));
    if (keys.elements.empty()) return;
    Command migrate{"MIGRATE", "127.0.0.1"};
    migrate.Add(to.port()).Add("").Add(0).Add(5000);
    if (!options_.credentials.user.empty()) {
      migrate.Add("AUTH2").Add(options_.credentials.user).Add(options_.credentials.password);
    } else if (!options_.credentials.password.empty()) {
      migrate.Add("AUTH").Add(options_.credentials.password);
    }
    migrate.Add("KEYS");
    for (const Reply& key : keys.elements) migrate.Add(key.text);
    Do(from, migrate);
  }
}

void ClusterSet::EndMove(std::uint16_t slot, RedisServer& from, RedisServer& to) {
  const std::string id = Id(to);
  Do(to, Command{"CLUSTER", "SETSLOT"}.Add(slot).Add("NODE").Add(id));
  Do(from, Command{"CLUSTER", "SETSLOT"}.Add(slot).Add("NODE").Add(id));
  if (!WaitUntil([&] { return FindPrimary(slot) == &to; })) {
    GiveUp("the nodes do not learn where slot " + std::to_string(slot) + " is");
  }
}

void ClusterSet::MoveSlot(std::uint16_t slot, RedisServer& from, RedisServer& to) {
  BeginMove(slot, from, to);
  MoveKeys(slot, from, to);
  EndMove(slot, from, to);
}

RedisServer& ClusterSet::AddNode() {
  nodes.push_back(NewNode());
  Meet(*nodes.back());
  AwaitHealth();
  return *nodes.back();
}

RedisServer& ClusterSet::AwaitPrimaryOtherThan(std::uint16_t slot, const RedisServer& before) {
  RedisServer* primary = nullptr;
  const bool moved = WaitUntil([&] {
    primary = FindPrimary(slot);
    return primary && primary != &before && primary->running();
  });
  if (!moved) GiveUp("no failover of slot " + std::to_string(slot));
  return *primary;
}

}  // namespace tidemill::redis::testing
