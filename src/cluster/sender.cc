#include "cluster/sender.h"

#include "cluster/encode.h"
#include "net/until.h"

namespace tidemill::cluster {

std::string Sender::TextOf(decltype(Message::body) body) const {
  return Encode({.from = self_, .body = std::move(body)});
}

Task<Result<void>> Sender::Publish(std::string text, MonotonicTime deadline) {
  metrics_.messages_out.Add();
  co_return co_await net::Until(loop_, deadline, bus_.Publish(std::move(text)));
}

Task<void> Sender::SendTo(NodeId node, std::string text) {
  metrics_.messages_out.Add();
  const MonotonicTime deadline = Now() + kReplyDeadline;
  (void)co_await net::Until(loop_, deadline, bus_.PublishTo(std::move(node), std::move(text)));
}

void Sender::SpawnSend(const NodeId& node, std::string text) {
  if (HasRoom()) scope_.Spawn(SendTo(node, std::move(text)));
}

bool Sender::HasRoom(Room room) {
  if (scope_.running() < Within(kTasksMax, room)) return true;
  metrics_.refused.Add();
  return false;
}

}  // namespace tidemill::cluster
