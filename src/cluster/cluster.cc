#include "cluster/cluster.h"

#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "net/async.h"
#include "net/until.h"

namespace tidemill::cluster {
namespace {

constexpr Duration kTick = Seconds(1);
constexpr std::int64_t kTicksOfHeartbeat = Cluster::kHeartbeat.ms / kTick.ms;
constexpr std::size_t kNamedMax = 10;
constexpr Duration kStandstill = Seconds(5);

void LogNode(std::string_view event, const control::NodeInfo& node, const NodeTable& table) {
  log::Info(event, {{"node", std::string_view(node.name)},
                    {"id", std::string_view(node.uid)},
                    {"version", std::string_view(node.version)},
                    {"nodes", table.live() + 1}});
}

}  // namespace

Cluster::Cluster(net::Loop& loop, Bus& bus, control::Directory& local, NodeId self, ClusterMetrics& metrics)
    : loop_(loop),
      bus_(bus),
      local_(local),
      self_(std::move(self)),
      metrics_(metrics),
      polls_(loop, metrics.waiting) {
  bus_.SetEvents(*this);
}

Cluster::~Cluster() = default;

void Cluster::Start() {
  CountNodes();
  ticked_at_ = Now();
  loop_.timers().Schedule(*this, ticked_at_ + kTick);
  scope_.Spawn(Introduce());
}

Task<void> Cluster::Introduce() {
  co_await TakeCounts();
  co_await Beat();
}

Task<Result<void>> Cluster::Leave() {
  left_ = true;
  loop_.timers().Cancel(*this);
  co_return co_await Publish(Encode(From(Left{})), Now() + kReplyDeadline);
}

void Cluster::OnTimer() {
  const MonotonicTime now = Now();
  loop_.timers().Schedule(*this, now + kTick);
  // Who did not listen cannot tell who was silent: not while the bus is down, nor when this process stood
  // still.
  const bool was_away = now - std::exchange(ticked_at_, now) > kStandstill;
  if (lost_ || was_away) table_.TouchAll(now);
  for (const control::NodeInfo& silent : table_.Expire(now)) {
    log::Warn("cluster.node_lost", {{"node", std::string_view(silent.name)},
                                    {"id", std::string_view(silent.uid)},
                                    {"silent_s", NodeTable::kSilence.ms / 1000}});
  }
  CountNodes();
  if (now - counted_at_ >= kCountsAge) scope_.Spawn(TakeCounts());
  if (++ticks_ % kTicksOfHeartbeat == 0 || hello_due_) scope_.Spawn(Beat());
}

// Not in line with the heartbeats: those must not wait for a loop that is busy.
Task<void> Cluster::TakeCounts() {
  if (std::exchange(counting_, true)) co_return;
  const std::vector<control::NodeInfo> nodes = co_await local_.Nodes();
  Keep(nodes.front());
  counting_ = false;
}

void Cluster::Keep(const control::NodeInfo& own) {
  TM_ASSERT(own.uid == self_.value());
  own_ = own;
  counted_at_ = Now();
}

Task<void> Cluster::Beat() {
  if (left_ || own_.uid.empty() || std::exchange(beating_, true)) co_return;
  const bool hello = std::exchange(hello_due_, false);
  if (hello) introduced_at_ = Now() + kIntroduction;
  const auto sent = co_await Publish(OwnHeartbeat(hello), Now() + kHeartbeat);
  beating_ = false;
  if (!hello) co_return;
  introduced_at_ = Now() + kIntroduction;
  if (!sent) hello_due_ = true;
}

std::string Cluster::OwnHeartbeat(bool hello) const {
  Heartbeat heartbeat{.node = own_, .hello = hello};
  heartbeat.node.uptime.ms += (Now() - counted_at_).ms;
  return Encode(From(std::move(heartbeat)));
}

// Before that, it would seem that there are no others.
Task<void> Cluster::Introduced() {
  if (hello_due_) co_await net::Sleep(loop_, kIntroduction);
  if (const MonotonicTime now = Now(); now < introduced_at_) co_await net::Sleep(loop_, introduced_at_ - now);
}

Result<void> Cluster::Reachable() const {
  if (lost_) return Fail(Errc::kUnavailable, "cut off from the other nodes");
  return {};
}

void Cluster::OnLost() {
  const bool started = ticked_at_ != MonotonicTime{};
  if (std::exchange(lost_, true) || !started) return;
  log::Warn("cluster.cut_off", {{"nodes", table_.live() + 1}});
}

void Cluster::OnRestored() {
  // The others may be cut off for longer: they stay, so that commands which they miss do not seem to be done.
  if (std::exchange(lost_, false)) table_.TouchAll(Now());
  log::Info("cluster.restored", {{"nodes", table_.live() + 1}});
  hello_due_ = true;
  scope_.Spawn(Beat());
}

void Cluster::OnMessage(std::string_view text) {
  metrics_.messages_in.Add();
  Result<std::optional<Message>> message = Decode(text);
  if (!message) {
    metrics_.malformed.Add();
    log::Debug("cluster.message_malformed", {{"why", std::string_view(message.error().detail)}});
    return;
  }
  if (!*message || (*message)->from == self_) return;
  const NodeId from = std::move((*message)->from);
  table_.Touch(from, Now());
  std::visit([&](auto&& body) { On(from, std::move(body)); }, std::move((*message)->body));
}

void Cluster::On(const NodeId& from, Heartbeat heartbeat) {
  switch (table_.Hear(heartbeat.node, Now())) {
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
  if (heartbeat.hello && !left_ && !own_.uid.empty()) SpawnSend(from, OwnHeartbeat(false));
}

void Cluster::On(const NodeId& from, Left) {
  const control::NodeInfo* const known = table_.Find(from);
  if (!known) return;
  const control::NodeInfo node = *known;
  table_.Leave(from, Now());
  LogNode("cluster.node_left", node, table_);
  CountNodes();
  polls_.OnLeft(from);
}

void Cluster::On(const NodeId& from, Ack ack) {
  const std::uint64_t id = ack.id;
  polls_.OnReply(from, id, std::move(ack));
}

void Cluster::On(const NodeId& from, Answer answer) {
  const std::uint64_t id = answer.id;
  polls_.OnReply(from, id, std::move(answer));
}

Task<Result<void>> Cluster::Publish(std::string text, MonotonicTime deadline) {
  metrics_.messages_out.Add();
  co_return co_await net::Until(loop_, deadline, bus_.Publish(std::move(text)));
}

// What is lost here is asked for again, or missed and named, by the one who waits for it.
Task<void> Cluster::SendTo(NodeId node, std::string text) {
  metrics_.messages_out.Add();
  const MonotonicTime deadline = Now() + kReplyDeadline;
  (void)co_await net::Until(loop_, deadline, bus_.PublishTo(std::move(node), std::move(text)));
}

void Cluster::SpawnSend(const NodeId& node, std::string text) {
  if (HasRoom()) scope_.Spawn(SendTo(node, std::move(text)));
}

bool Cluster::HasRoom() {
  if (scope_.running() < kTasksMax) return true;
  metrics_.refused.Add();
  return false;
}

void Cluster::CountNodes() {
  const auto nodes = static_cast<std::int64_t>(table_.live() + 1);
  metrics_.nodes.Add(nodes - std::exchange(nodes_counted_, nodes));
}

std::string Cluster::NameOf(const NodeId& node) const {
  const control::NodeInfo* const known = table_.Find(node);
  return known ? known->name + " (" + node.value() + ")" : node.value();
}

Error Cluster::Missing(const Poll& poll, std::string_view what) {
  std::string names(what);
  std::size_t named = 0;
  for (const NodeId& node : poll.missing()) {
    table_.Suspect(node);
    if (named++ < kNamedMax) names.append(named == 1 ? " " : ", ").append(NameOf(node));
  }
  if (named > kNamedMax) names += " and " + std::to_string(named - kNamedMax) + " more";
  return {Errc::kTimeout, std::move(names)};
}

}  // namespace tidemill::cluster
