#include "realtime/session/transports/websocket_session.h"

#include <string>
#include <utility>

#include "realtime/protocol/codec.h"
#include "realtime/session/session_secret.h"

namespace tidemill::session {

WebsocketSession::WebsocketSession(Context& context, List& list, std::unique_ptr<net::Stream> stream,
                                   const websocket::ConnectionOptions& options,
                                   std::unique_ptr<websocket::MessageInflater> inflater, SessionForm form)
    : message_kind_(form.encoding == protocol::Encoding::kJson ? websocket::Opcode::kText
                                                               : websocket::Opcode::kBinary),
      connection_(std::move(stream), options, std::move(inflater), *this),
      session_(context, *this, form) {
  list.Add(*this);
}

bool WebsocketSession::QueuePing() {
  connection_.QueuePing();
  return true;
}

void WebsocketSession::Close(std::uint32_t code, std::string_view reason) {
  connection_.Close(static_cast<std::uint16_t>(code), reason);
}

UniWebsocketSession::UniWebsocketSession(Context& context, List& list, std::unique_ptr<net::Stream> stream,
                                         const websocket::ConnectionOptions& options,
                                         std::unique_ptr<websocket::MessageInflater> inflater,
                                         SessionForm form, EndsWith ends_with)
    : WebsocketSession(context, list, std::move(stream), options, std::move(inflater), form),
      secret_(MakeSessionSecret(context.loop.index())),
      ends_with_(ends_with) {}

void UniWebsocketSession::Connect(protocol::ConnectRequest request) {
  asked_ = true;
  session_.OnConnectRequest(std::move(request));
}

void UniWebsocketSession::Close(std::uint32_t code, std::string_view reason) {
  if (ends_with_ == EndsWith::kMessageAndClose) {
    std::string message;
    protocol::AppendPush(protocol::Encoding::kJson,
                         {.channel = "", .body = protocol::DisconnectPush{code, std::string(reason)}},
                         message, protocol::Direction::kUnidirectional);
    QueueMessage(message);
  }
  WebsocketSession::Close(code, reason);
}

// Whatever comes after the connect request is passed over.
void UniWebsocketSession::OnMessage(websocket::Opcode, std::string_view payload) {
  if (asked_) return session_.OnExtraFrames(1);
  auto request = protocol::ReadConnectRequest(payload);
  if (!request) return session_.Disconnect(protocol::kDisconnectBadRequest);
  Connect(*std::move(request));
}

}  // namespace tidemill::session
