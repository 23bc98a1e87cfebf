#include "redis/cluster/cluster_map.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "redis/connection/brief_connection.h"

namespace tidemill::redis {
namespace {

constexpr std::int64_t kUp = std::numeric_limits<std::int64_t>::max();
constexpr Duration kLook = Milliseconds(100);      // how often the timer looks, and so the least pause
constexpr Duration kLookDown = Milliseconds(500);  // the pause between questions while a primary is away

}  // namespace

ClusterMap::ClusterMap(net::Loop& loop, ClusterMapOptions options, ClusterMapObserver& observer,
                       Metrics& metrics)
    : loop_(loop),
      options_(std::move(options)),
      observer_(observer),
      metrics_(metrics),
      holes_since_(loop.clock().Now()),
      down_since_ms_(holes_since_->ms) {
  TM_ASSERT(!options_.seeds.empty());
}

void ClusterMap::Start() { OnTimer(); }

void ClusterMap::OnMoved(const Redirection& redirection) {
  const Endpoint* const before = slots_.PrimaryOf(redirection.slot);
  Refresh();
  ask_first_ = redirection.to;
  if (before && *before == redirection.to) return;
  slots_.Move(redirection.slot, redirection.to);
  observer_.OnMapChanged();
}

std::optional<MonotonicTime> ClusterMap::down_since() const {
  const std::int64_t since_ms = down_since_ms_.load(std::memory_order_relaxed);
  return since_ms == kUp ? std::nullopt : std::optional(MonotonicTime{since_ms});
}

void ClusterMap::OnTimer() {
  observer_.OnTick();
  NoteHealth();
  const Duration waited = loop_.clock().Now() - last_asked_;
  const bool due = wanted_ || waited >= options_.refresh_interval || (down_since() && waited >= kLookDown);
  if (due && asking_.running() == 0) {
    wanted_ = false;
    asking_.Spawn(AskAll());
  }
  loop_.timers().Schedule(*this, loop_.clock().Now() + kLook);
}

void ClusterMap::NoteHealth() {
  if (slots_.covers_all()) {
    holes_since_.reset();
  } else if (!holes_since_) {
    holes_since_ = loop_.clock().Now();
  }
  std::optional<MonotonicTime> since = observer_.ConnectionsDownSince();
  if (holes_since_ && (!since || *holes_since_ < *since)) since = holes_since_;
  down_since_ms_.store(since ? since->ms : kUp, std::memory_order_relaxed);
}

Task<void> ClusterMap::AskAll() {
  std::vector<Endpoint> nodes = slots_.Primaries();
  if (!nodes.empty())
    std::ranges::rotate(nodes, nodes.begin() + static_cast<std::ptrdiff_t>(turn_++ % nodes.size()));
  nodes.insert(nodes.end(), options_.seeds.begin(), options_.seeds.end());
  if (ask_first_) nodes.insert(nodes.begin(), *std::exchange(ask_first_, std::nullopt));
  std::string why;
  for (const Endpoint& node : nodes) {
    const MonotonicTime deadline = loop_.clock().Now() + options_.connection.connect_timeout;
    auto map = co_await net::Until(loop_, deadline, Ask(node));
    last_asked_ = loop_.clock().Now();
    if (map) {
      slots_ = *std::move(map);
      observer_.OnMapChanged();
      NoteHealth();
      co_return;
    }
    why = node.ToString() + ": " + map.error().detail;
  }
  if (const auto suppressed = complaints_.Count(loop_.clock().Now())) {
    log::Warn("redis.cluster_unreachable", {{"why", why}, {"suppressed", *suppressed}});
  }
}

Task<Result<SlotMap>> ClusterMap::Ask(Endpoint node) {
  TM_CO_TRY_ASSIGN(auto opened, co_await Connection::Open(loop_, node, options_.connection, metrics_));
  const BriefConnection connection(loop_, std::move(opened));
  TM_CO_TRY_ASSIGN(const Reply reply, co_await connection->Send({"CLUSTER", "SLOTS"}));
  TM_CO_TRY_ASSIGN(SlotMap map, SlotMap::Parse(reply, node));
  if (map.Primaries().empty()) co_return Fail(Errc::kUnavailable, "a node that knows of no slots");
  co_return map;
}

}  // namespace tidemill::redis
