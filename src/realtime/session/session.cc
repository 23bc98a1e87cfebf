#include "realtime/session/session.h"

#include <utility>

#include "base/log.h"

namespace tidemill::session {
namespace {

// What may wait while a command is in flight. Reading pauses then, so that it is at most what one read
// brought; only a flood of the tiniest frames comes near this.
constexpr std::size_t kBacklogBytesMax = 1 << 20;
constexpr std::size_t kFrameOverheadBytes = 64;

}  // namespace

void ChannelSubscription::OnInappropriateData() {
  session->EndLater(protocol::kDisconnectInappropriateProtocol);
}

void ChannelSubscription::OnStreamLost() {
  if (positioned) session->OnStreamLost(*this);
}

Session::Session(Context& context, Transport& transport, SessionForm form)
    : context_(context),
      transport_(transport),
      outbox_(*this, transport.stream(), context.settings->client.queue_max_size),
      client_(Uuid::Random()),
      form_(form) {
  next_ping_ = context_.loop.Now() + settings().client.stale_close_delay;
  Reschedule();
}

Session::~Session() = default;

void Session::OnFrame(std::string_view frame) {
  if (closed_) return;
  context_.metrics.frames_received.Add();
  context_.metrics.bytes_received.Add(frame.size());
  if (!pumping_) {
    pumping_ = true;
    context_.scope.Spawn(Pump(std::string(frame)));
    return;
  }
  if (!backlog_) backlog_ = std::make_unique<Backlog>();
  backlog_->bytes += frame.size() + kFrameOverheadBytes;
  if (backlog_->bytes > kBacklogBytesMax) return Disconnect(protocol::kDisconnectTooManyRequests);
  backlog_->frames.emplace_back(frame);
  transport_.stream().PauseReading();
}

void Session::OnWritable() {
  if (!closed_) outbox_.OnWritable();
}

void Session::OnPong() { awaiting_pong_ = false; }

void Session::OnTransportClosed() {
  transport_closed_ = true;
  if (!closed_) {
    closed_ = true;
    LeaveAll();
  }
  RetireIfOver();
}

void Session::DisconnectWith(std::uint32_t code, std::string_view reason) {
  if (closed_) return;
  closed_ = true;
  context_.metrics.CountDisconnect(code);
  log::Debug("session.disconnected", {{"client", client_.ToString()}, {"code", code}, {"reason", reason}});
  LeaveAll();
  transport_.Close(code, reason);
}

void Session::LeaveAll() {
  context_.loop.timers().Cancel(*this);
  outbox_.Close();
  while (!subscriptions_.empty()) {
    auto last = std::move(subscriptions_.back());
    subscriptions_.pop_back();
    EndSubscription(std::move(last));
  }
  if (connected_) context_.metrics.connections.Sub(1);
  if (registered_) context_.registry.Remove(*this);
  registered_ = false;
}

void Session::RetireIfOver() {
  if (!transport_closed_ || pins_ > 0 || retired_) return;
  retired_ = true;
  transport_.Retire();
}

Task<void> Session::Pump(std::string frame) {
  const PinGuard pin = Pin();
  co_await RunFrame(std::move(frame));
  while (!closed_ && backlog_ && !backlog_->frames.empty()) {
    std::string next = std::move(backlog_->frames.front());
    backlog_->frames.pop_front();
    backlog_->bytes -= next.size() + kFrameOverheadBytes;
    co_await RunFrame(std::move(next));
  }
  pumping_ = false;
  if (backlog_) {
    backlog_.reset();
    if (!transport_closed_) transport_.stream().ResumeReading();
  }
}

Task<void> Session::RunFrame(std::string frame) {
  protocol::CommandReader reader(form_.encoding, frame);
  if (reader.empty()) Disconnect(protocol::kDisconnectBadRequest);
  while (!closed_) {
    auto command = reader.Next();
    if (!command) {
      log::Debug("session.command_refused",
                 {{"client", client_.ToString()}, {"why", command.error().detail}});
      Disconnect(protocol::kDisconnectBadRequest);
      break;
    }
    if (!*command) break;
    co_await RunCommand(*std::move(*command));
  }
}

Task<void> Session::RunCommand(protocol::Command command) {
  context_.metrics.commands[command.request.index()]->Add();
  if (!WithinCommandRate()) {
    Disconnect(protocol::kDisconnectTooManyRequests);
    co_return;
  }
  const std::uint32_t id = command.id;
  if (auto* const connect = std::get_if<protocol::ConnectRequest>(&command.request); connect && id != 0) {
    co_await Handle(id, std::move(*connect));
    co_return;
  }
  if (!connected_) {
    Disconnect(protocol::kDisconnectBadRequest);
    co_return;
  }
  if (std::holds_alternative<std::monostate>(command.request) && id == 0) {
    // The answer to a ping: one per ping.
    if (!awaiting_pong_) Disconnect(protocol::kDisconnectBadRequest);
    awaiting_pong_ = false;
    co_return;
  }
  if (std::holds_alternative<protocol::SendRequest>(command.request)) {
    Disconnect(protocol::kDisconnectNotAvailable);
    co_return;
  }
  if (id == 0) {
    Disconnect(protocol::kDisconnectBadRequest);
    co_return;
  }
  co_await Dispatch(id, std::move(command));
}

Task<void> Session::Dispatch(std::uint32_t id, protocol::Command command) {
  auto& request = command.request;
  if (auto* const publish = std::get_if<protocol::PublishRequest>(&request)) {
    co_await Handle(id, std::move(*publish));
  } else if (auto* const subscribe = std::get_if<protocol::SubscribeRequest>(&request)) {
    co_await Handle(id, std::move(*subscribe));
  } else if (const auto* const unsubscribe = std::get_if<protocol::UnsubscribeRequest>(&request)) {
    Handle(id, *unsubscribe);
  } else if (auto* const presence = std::get_if<protocol::PresenceRequest>(&request)) {
    co_await Handle(id, std::move(*presence));
  } else if (auto* const stats = std::get_if<protocol::PresenceStatsRequest>(&request)) {
    co_await Handle(id, std::move(*stats));
  } else if (auto* const history = std::get_if<protocol::HistoryRequest>(&request)) {
    co_await Handle(id, std::move(*history));
  } else if (auto* const refresh = std::get_if<protocol::RefreshRequest>(&request)) {
    co_await Handle(id, std::move(*refresh));
  } else if (auto* const sub_refresh = std::get_if<protocol::SubRefreshRequest>(&request)) {
    co_await Handle(id, std::move(*sub_refresh));
  } else if (std::holds_alternative<protocol::RpcRequest>(request)) {
    ReplyError(id, protocol::kErrorNotAvailable);
  } else {
    Disconnect(protocol::kDisconnectBadRequest);
  }
}

bool Session::WithinCommandRate() {
  const std::uint32_t limit = settings().client.commands_per_second;
  if (limit == 0) return true;
  const auto second = static_cast<std::uint32_t>(context_.loop.Now().ms / 1000);
  if (second != command_second_) {
    command_second_ = second;
    commands_in_second_ = 0;
  }
  return ++commands_in_second_ <= limit;
}

void Session::Reply(std::uint32_t id, decltype(protocol::Reply::result) result) {
  if (closed_) return;
  context_.metrics.replies_sent.Add();
  std::string message;
  protocol::AppendReply(form_.encoding, {.id = id, .result = std::move(result)}, message);
  transport_.QueueMessage(message);
  CheckQueue();
}

void Session::ReplyError(std::uint32_t id, protocol::ErrorCode error) {
  context_.metrics.CountError(error.code);
  Reply(id, protocol::ErrorReply{error.code, std::string(error.message), error.temporary});
}

void Session::Refuse(std::uint32_t id, const Refusal& refusal) {
  if (const auto* const error = std::get_if<protocol::ErrorCode>(&refusal)) return ReplyError(id, *error);
  Disconnect(std::get<protocol::DisconnectCode>(refusal));
}

void Session::QueuePush(protocol::Push push) {
  if (closed_) return;
  std::string message;
  protocol::AppendPush(form_.encoding, push, message);
  transport_.QueueMessage(message);
  CheckQueue();
}

void Session::CheckQueue() {
  if (outbox_.queued_bytes() > settings().client.queue_max_size) EndLater(protocol::kDisconnectSlow);
}

void Session::OnSlow(std::size_t queued_bytes) {
  log::Debug("session.fell_behind", {{"client", client_.ToString()}, {"queued_bytes", queued_bytes}});
  EndLater(protocol::kDisconnectSlow);
}

protocol::ClientInfo Session::InfoFor(std::string_view chan_info) const {
  return {.user = user_,
          .client = client_.ToString(),
          .conn_info = identity_ ? identity_->conn_info : std::string(),
          .chan_info = std::string(chan_info)};
}

std::int64_t Session::WallSeconds() const { return context_.loop.clock().WallNow().ms / 1000; }

}  // namespace tidemill::session
