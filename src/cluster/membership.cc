#include "cluster/membership.h"

#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "net/async.h"

namespace tidemill::cluster {
namespace {

constexpr Duration kTick = Seconds(1);
constexpr std::int64_t kTicksOfHeartbeat = Membership::kHeartbeat.ms / kTick.ms;
constexpr std::size_t kNamedMax = 10;
constexpr Duration kStandstill = Seconds(5);

void LogNode(std::string_view event, const control::NodeInfo& node, const NodeTable& table) {
  log::Info(event, {{"node", std::string_view(node.name)},
                    {"id", std::string_view(node.uid)},
                    {"version", std::string_view(node.version)},
                    {"nodes", table.live() + 1}});
}

}  // namespace

void Membership::Start() {
  CountNodes();
  ticked_at_ = sender_.Now();
  sender_.loop().timers().Schedule(*this, ticked_at_ + kTick);
  sender_.scope().Spawn(Introduce());
}

Task<void> Membership::Introduce() {
  co_await TakeCounts();
  co_await SendHeartbeat();
}

Task<Result<void>> Membership::Leave() {
  left_ = true;
  sender_.loop().timers().Cancel(*this);
  co_return co_await sender_.Publish(sender_.TextOf(Left{}), sender_.Now() + Sender::kReplyDeadline);
}

void Membership::OnTimer() {
  const MonotonicTime now = sender_.Now();
  sender_.loop().timers().Schedule(*this, now + kTick);
  // Silence means nothing while the bus is down, or when this process stood still.
  const bool was_away = now - std::exchange(ticked_at_, now) > kStandstill;
  if (lost_ || was_away) table_.TouchAll(now);
  for (const control::NodeInfo& silent : table_.Expire(now)) {
    log::Warn("cluster.node_lost", {{"node", std::string_view(silent.name)},
                                    {"id", std::string_view(silent.uid)},
                                    {"silent_s", NodeTable::kSilence.ms / 1000}});
  }
  CountNodes();
  if (now - counted_at_ >= kCountsAge) sender_.scope().Spawn(TakeCounts());
  if (++ticks_ % kTicksOfHeartbeat == 0 || hello_due_) sender_.scope().Spawn(SendHeartbeat());
}

// Apart from the heartbeats, which must not wait for a busy loop.
Task<void> Membership::TakeCounts() {
  if (std::exchange(counting_, true)) co_return;
  const std::vector<control::NodeInfo> nodes = co_await local_.Nodes();
  SetOwn(nodes.front());
  counting_ = false;
}

void Membership::SetOwn(const control::NodeInfo& own) {
  TM_ASSERT(own.uid == sender_.self().value());
  own_ = own;
  counted_at_ = sender_.Now();
}

Task<void> Membership::SendHeartbeat() {
  if (left_ || own_.uid.empty() || std::exchange(sending_heartbeat_, true)) co_return;
  const bool hello = std::exchange(hello_due_, false);
  if (hello) introduced_at_ = sender_.Now() + kIntroduction;
  const auto sent = co_await sender_.Publish(OwnHeartbeat(hello), sender_.Now() + kHeartbeat);
  sending_heartbeat_ = false;
  if (!hello) co_return;
  introduced_at_ = sender_.Now() + kIntroduction;
  if (!sent) hello_due_ = true;
}

std::string Membership::OwnHeartbeat(bool hello) const {
  Heartbeat heartbeat{.node = own_, .hello = hello};
  heartbeat.node.uptime.ms += (sender_.Now() - counted_at_).ms;
  return sender_.TextOf(std::move(heartbeat));
}

Task<void> Membership::Introduced() {
  if (hello_due_) co_await net::Sleep(sender_.loop(), kIntroduction);
  if (const MonotonicTime now = sender_.Now(); now < introduced_at_)
    co_await net::Sleep(sender_.loop(), introduced_at_ - now);
}

Result<void> Membership::Reachable() const {
  if (lost_) return Fail(Errc::kUnavailable, "cut off from the other nodes");
  return {};
}

void Membership::OnLost() {
  const bool started = ticked_at_ != MonotonicTime{};
  if (std::exchange(lost_, true) || !started) return;
  log::Warn("cluster.cut_off", {{"nodes", table_.live() + 1}});
}

void Membership::OnRestored() {
  // Others may be cut off for longer. They stay in the table, so that a command that they miss is not taken
  // for done.
  if (std::exchange(lost_, false)) table_.TouchAll(sender_.Now());
  log::Info("cluster.restored", {{"nodes", table_.live() + 1}});
  hello_due_ = true;
  sender_.scope().Spawn(SendHeartbeat());
}

void Membership::OnHeartbeat(const NodeId& from, const Heartbeat& heartbeat) {
  switch (table_.Hear(heartbeat.node, sender_.Now())) {
    case NodeTable::Heard::kNew:
      LogNode("cluster.node_joined", heartbeat.node, table_);
      CountNodes();
      break;
    case NodeTable::Heard::kKnown: break;
    case NodeTable::Heard::kHasLeft: return;
    case NodeTable::Heard::kFull:
      metrics_.refused.Add();
      log::Debug("cluster.node_refused", {{"id", std::string_view(from.value())}, {"why", "too many nodes"}});
      break;
  }
  if (heartbeat.hello && !left_ && !own_.uid.empty()) sender_.SpawnSend(from, OwnHeartbeat(false));
}

bool Membership::OnLeft(const NodeId& from) {
  const control::NodeInfo* const known = table_.Find(from);
  if (!known) return false;
  const control::NodeInfo node = *known;
  table_.Leave(from, sender_.Now());
  LogNode("cluster.node_left", node, table_);
  CountNodes();
  return true;
}

void Membership::CountNodes() {
  const auto nodes = static_cast<std::int64_t>(table_.live() + 1);
  metrics_.nodes.Add(nodes - std::exchange(nodes_counted_, nodes));
}

std::string Membership::NameOf(const NodeId& node) const {
  const control::NodeInfo* const known = table_.Find(node);
  return known ? known->name + " (" + node.value() + ")" : node.value();
}

Error Membership::Suspect(const std::set<NodeId>& missing, std::string_view what) {
  std::string names(what);
  std::size_t named = 0;
  for (const NodeId& node : missing) {
    table_.Suspect(node);
    if (named++ < kNamedMax) names.append(named == 1 ? " " : ", ").append(NameOf(node));
  }
  if (named > kNamedMax) names += " and " + std::to_string(named - kNamedMax) + " more";
  return {Errc::kTimeout, std::move(names)};
}

}  // namespace tidemill::cluster
