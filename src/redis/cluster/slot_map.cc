#include "redis/cluster/slot_map.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <set>

#include "base/assert.h"

namespace tidemill::redis {
namespace {

constexpr std::uint16_t kNobody = std::numeric_limits<std::uint16_t>::max();

template <class Integer>
std::optional<Integer> Number(std::string_view text) {
  Integer number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool IsSlot(const Reply& reply) { return reply.is_integer() && reply.integer >= 0 && reply.integer < kSlots; }

// [host, port, id, …]; the host is nil or "" when the node does not know it, "?" when it has none.
std::optional<Endpoint> NodeEndpoint(const Reply& node, const Endpoint& asked) {
  if (node.elements.size() < 2 || !node.elements[1].is_integer()) return std::nullopt;
  const std::int64_t port = node.elements[1].integer;
  if (port <= 0 || port > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  const std::string& host = node.elements[0].text;
  return Endpoint{.host = host.empty() || host == "?" ? asked.host : host,
                  .port = static_cast<std::uint16_t>(port)};
}

}  // namespace

SlotMap::SlotMap() { slots_.fill(kNobody); }

Result<SlotMap> SlotMap::Parse(const Reply& reply, const Endpoint& asked) {
  if (!reply.is_array()) return Fail(Errc::kInvalidArgument, "CLUSTER SLOTS: " + redis::ToString(reply));
  SlotMap map;
  for (const Reply& range : reply.elements) {
    const bool good = range.elements.size() >= 3 && IsSlot(range.elements[0]) && IsSlot(range.elements[1]);
    const std::optional<Endpoint> primary = good ? NodeEndpoint(range.elements[2], asked) : std::nullopt;
    if (!primary) return Fail(Errc::kInvalidArgument, "CLUSTER SLOTS: " + redis::ToString(range));
    const std::uint16_t index = map.IndexOf(*primary);
    for (std::int64_t slot = range.elements[0].integer; slot <= range.elements[1].integer; ++slot) {
      map.slots_[static_cast<std::size_t>(slot)] = index;
    }
  }
  return map;
}

const Endpoint* SlotMap::PrimaryOf(std::uint16_t slot) const {
  TM_ASSERT(slot < kSlots);
  return slots_[slot] == kNobody ? nullptr : &nodes_[slots_[slot]];
}

void SlotMap::Move(std::uint16_t slot, const Endpoint& primary) {
  TM_ASSERT(slot < kSlots);
  slots_[slot] = IndexOf(primary);
}

std::vector<Endpoint> SlotMap::Primaries() const {
  std::set<std::uint16_t> indices(slots_.begin(), slots_.end());
  indices.erase(kNobody);
  std::vector<Endpoint> primaries;
  for (const std::uint16_t index : indices) primaries.push_back(nodes_[index]);
  std::ranges::sort(primaries);
  return primaries;
}

std::uint16_t SlotMap::AnySlotOf(const Endpoint& primary) const {
  const auto node = std::ranges::find(nodes_, primary);
  const auto index = static_cast<std::uint16_t>(node - nodes_.begin());
  const auto slot = node == nodes_.end() ? slots_.end() : std::ranges::find(slots_, index);
  return static_cast<std::uint16_t>(slot - slots_.begin());
}

bool SlotMap::covers_all() const { return std::ranges::find(slots_, kNobody) == slots_.end(); }

// There are at most as many nodes as slots, and a few more that Move brought.
std::uint16_t SlotMap::IndexOf(const Endpoint& primary) {
  const auto found = std::ranges::find(nodes_, primary);
  const auto index = found - nodes_.begin();
  if (found == nodes_.end()) nodes_.push_back(primary);
  TM_ASSERT(nodes_.size() < kNobody);
  return static_cast<std::uint16_t>(index);
}

Result<Redirection> Redirection::Parse(std::string_view error, const Endpoint& asked) {
  const std::size_t first = error.find(' ');
  const std::size_t second = error.find(' ', first + 1);
  const std::string_view kind = error.substr(0, first);
  if (first == error.npos || second == error.npos || (kind != "MOVED" && kind != "ASK")) {
    return Fail(Errc::kInvalidArgument, "no redirection");
  }
  const auto slot = Number<std::uint16_t>(error.substr(first + 1, second - first - 1));
  const std::string_view address = error.substr(second + 1);
  const std::size_t colon = address.rfind(':');
  const auto port = colon == address.npos ? std::nullopt : Number<std::uint16_t>(address.substr(colon + 1));
  if (!slot || *slot >= kSlots || !port || *port == 0) {
    return Fail(Errc::kInvalidArgument, "a redirection to nowhere: " + std::string(error));
  }
  std::string host(address.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host == "?") host = asked.host;
  return Redirection{.kind = kind == "ASK" ? Kind::kAsk : Kind::kMoved,
                     .slot = *slot,
                     .to = {.host = std::move(host), .port = *port}};
}

}  // namespace tidemill::redis
