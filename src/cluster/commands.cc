// Commands to all nodes: sending and acknowledging them.
#include <utility>

#include "cluster/cluster.h"

namespace tidemill::cluster {

Task<Result<void>> Cluster::Run(Command command) {
  co_await Introduced();
  TM_CO_TRY(Reachable());
  if (polls_.full()) {
    metrics_.refused.Add();
    co_return Fail(Errc::kLimitExceeded, "too many commands wait for other nodes");
  }
  const MonotonicTime begun = Now();
  Poll poll(polls_, table_.Live());
  command.id = poll.id();
  const std::string text = Encode(From(std::move(command)));
  if (text.size() > kMessageBytesMax) {
    co_return Fail(Errc::kLimitExceeded, "the command is too long for a control message");
  }
  TM_CO_TRY(co_await Publish(text, begun + kReplyDeadline));
  co_await poll.Wait(begun + kResendAfter);
  for (const NodeId& node : poll.missing()) SpawnSend(node, text);  // no reply comes meanwhile
  co_await poll.Wait(begun + kReplyDeadline);
  if (!poll.missing().empty()) {
    metrics_.command_timeouts.Add();
    co_return std::unexpected(Missing(poll, "not acknowledged by"));
  }
  for (const auto& [node, reply] : poll.TakeReplies()) {
    const auto* ack = std::get_if<Ack>(&reply);
    if (ack && ack->result) continue;
    if (!ack) co_return Fail(Errc::kInternal, NameOf(node) + ": not an acknowledgement");
    co_return Fail(ack->result.error().code, NameOf(node) + ": " + ack->result.error().detail);
  }
  co_return {};
}

void Cluster::Tell(Command command) {
  struct Telling {
    static Task<void> Run(Cluster& cluster, std::string text) {
      (void)co_await cluster.Publish(std::move(text), cluster.Now() + kReplyDeadline);
    }
  };
  command.id = polls_.NextId();
  command.wants_ack = false;
  std::string text = Encode(From(std::move(command)));
  if (text.size() <= kMessageBytesMax && HasRoom()) scope_.Spawn(Telling::Run(*this, std::move(text)));
}

void Cluster::On(const NodeId& from, Command command) {
  if (!HasRoom()) return;
  // What nobody waits for is not sent again either.
  if (command.wants_ack) {
    const RecentCommands::Key key(from, command.id);
    switch (recent_.Take(key, Now())) {
      case RecentCommands::Taken::kNew: break;
      case RecentCommands::Taken::kFull: metrics_.refused.Add(); return;
      case RecentCommands::Taken::kKnown:
        // Its acknowledgement may have been lost, or is still to come.
        if (const auto result = recent_.ResultOf(key)) {
          SpawnSend(from, Encode(From(Ack{.id = command.id, .result = *result})));
        }
        return;
    }
  }
  scope_.Spawn(CarryOut(from, std::move(command)));
}

Task<void> Cluster::CarryOut(NodeId from, Command command) {
  Result<void> result = co_await local_.Apply(std::move(command.target), std::move(command.action));
  if (!command.wants_ack) co_return;
  recent_.SetResult({from, command.id}, result);
  std::string ack = Encode(From(Ack{.id = command.id, .result = std::move(result)}));
  co_await SendTo(std::move(from), std::move(ack));
}

}  // namespace tidemill::cluster
