#include "cluster/commands.h"

#include <utility>

namespace tidemill::cluster {
namespace {

constexpr char kTooLong[] = "the command is too long for a control message";

}  // namespace

Task<Result<void>> Commands::Ready(Room room) {
  constexpr char kTooMany[] = "too many commands wait for other nodes";
  if (!sender_.HasRoom(room)) co_return Fail(Errc::kLimitExceeded, kTooMany);
  co_await membership_.Introduced();
  TM_CO_TRY(membership_.Reachable());
  if (replies_.full(room)) {
    metrics_.refused.Add();
    co_return Fail(Errc::kLimitExceeded, kTooMany);
  }
  co_return {};
}

Task<Result<void>> Commands::Run(Command command) {
  TM_CO_TRY(co_await Ready(RoomOf(command)));
  const MonotonicTime begun = sender_.Now();
  PendingReplies pending(replies_, membership_.table().Live());
  command.id = pending.id();
  const std::string text = sender_.TextOf(std::move(command));
  if (text.size() > kMessageBytesMax) co_return Fail(Errc::kLimitExceeded, kTooLong);
  TM_CO_TRY(co_await sender_.Publish(text, begun + Sender::kReplyDeadline));
  co_return co_await Outcome(pending, text, begun);
}

Task<Result<void>> Commands::RunOn(NodeId node, Command command) {
  TM_CO_TRY(co_await Ready(RoomOf(command)));
  if (membership_.table().Find(node) == nullptr) co_return Fail(Errc::kNotFound, "no such node");
  const MonotonicTime begun = sender_.Now();
  PendingReplies pending(replies_, {node});
  command.id = pending.id();
  const std::string text = sender_.TextOf(std::move(command));
  if (text.size() > kMessageBytesMax) co_return Fail(Errc::kLimitExceeded, kTooLong);
  co_await sender_.SendTo(std::move(node), text);
  co_return co_await Outcome(pending, text, begun);
}

Task<Result<void>> Commands::Outcome(PendingReplies& pending, const std::string& text, MonotonicTime begun) {
  co_await pending.Wait(begun + kResendAfter);
  for (const NodeId& node : pending.missing()) sender_.SpawnSend(node, text);  // no reply comes meanwhile
  co_await pending.Wait(begun + Sender::kReplyDeadline);
  if (!pending.missing().empty()) {
    metrics_.command_timeouts.Add();
    co_return std::unexpected(membership_.Suspect(pending.missing(), "not acknowledged by"));
  }
  for (const auto& [node, reply] : pending.TakeReplies()) {
    const auto* ack = std::get_if<Ack>(&reply);
    if (ack && ack->result) continue;
    if (!ack) co_return Fail(Errc::kInternal, membership_.NameOf(node) + ": not an acknowledgement");
    co_return Fail(ack->result.error().code, membership_.NameOf(node) + ": " + ack->result.error().detail);
  }
  co_return {};
}

void Commands::SendUnacknowledged(Command command) {
  command.id = replies_.NextId();
  command.wants_ack = false;
  std::string text = sender_.TextOf(std::move(command));
  if (text.size() > kMessageBytesMax || !sender_.HasRoom()) return;
  sender_.scope().Spawn(PublishUnacknowledged(sender_, std::move(text)));
}

Task<void> Commands::PublishUnacknowledged(Sender& sender, std::string text) {
  (void)co_await sender.Publish(std::move(text), sender.Now() + Sender::kReplyDeadline);
}

void Commands::OnCommand(const NodeId& from, Command command) {
  const Room room = RoomOf(command);
  if (!sender_.HasRoom(room)) return;
  // A command that wants no acknowledgement is never sent twice.
  if (command.wants_ack) {
    const RecentCommands::Key key(from, command.id);
    switch (recent_.Take(key, sender_.Now(), room)) {
      case RecentCommands::Taken::kNew: break;
      case RecentCommands::Taken::kFull: metrics_.refused.Add(); return;
      case RecentCommands::Taken::kKnown:
        // Its acknowledgement may have been lost; without a result it is still to come.
        if (const auto result = recent_.ResultOf(key)) {
          sender_.SpawnSend(from, sender_.TextOf(Ack{.id = command.id, .result = *result}));
        }
        return;
    }
  }
  sender_.scope().Spawn(CarryOut(from, std::move(command)));
}

Task<void> Commands::CarryOut(NodeId from, Command command) {
  Result<void> result = co_await local_.Apply(std::move(command.target), std::move(command.action));
  if (!command.wants_ack) co_return;
  recent_.SetResult({from, command.id}, result);
  std::string ack = sender_.TextOf(Ack{.id = command.id, .result = std::move(result)});
  co_await sender_.SendTo(std::move(from), std::move(ack));
}

}  // namespace tidemill::cluster
