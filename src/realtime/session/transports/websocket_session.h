// WebsocketSession: one client's WebSocket connection and its session, in one piece of memory.
// UniWebsocketSession: the same of a client that only listens.
//
// They own themselves (ListedSession). Loop thread only. Private to transports/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/random.h"
#include "realtime/session/session.h"
#include "realtime/session/transport.h"
#include "realtime/session/transports/listed_session.h"
#include "websocket/connection.h"

namespace tidemill::session {

class WebsocketSession : public Transport,
                         public websocket::ConnectionHandler,
                         public ListedSession<WebsocketSession> {
 public:
  WebsocketSession(Context& context, List& list, std::unique_ptr<net::Stream> stream,
                   const websocket::ConnectionOptions& options,
                   std::unique_ptr<websocket::MessageInflater> inflater, SessionForm form);
  virtual ~WebsocketSession() = default;

  // Of the handshake, before Start.
  void KeepHeaders(const http::Request& request) { session_.KeepHeaders(request); }
  void Start(std::string_view rest) { connection_.Start(rest); }

  // Transport
  void QueueMessage(std::string_view message) override { connection_.QueueMessage(message_kind_, message); }
  bool QueuePing() override;
  void Close(std::uint32_t code, std::string_view reason) override;
  void Admit() override { connection_.Admit(); }
  void Retire() override { RetireOn(session_.loop()); }
  net::Stream& stream() override { return connection_.stream(); }

  // websocket::ConnectionHandler
  void OnMessage(websocket::Opcode, std::string_view payload) override { session_.OnFrame(payload); }
  void OnPong() override { session_.OnPong(); }
  void OnExtraFrames(std::size_t frames) override { session_.OnExtraFrames(frames); }
  void OnBuffersUsedUp() override { session_.OnBuffersUsedUp(); }
  void OnWritable() override { session_.OnWritable(); }
  void OnClosed(websocket::CloseCode, std::string_view) override { session_.OnTransportClosed(); }

 private:
  const websocket::Opcode message_kind_;
  websocket::Connection connection_;

 protected:
  Session session_;
};

class UniWebsocketSession final : public WebsocketSession {
 public:
  enum class EndsWith : std::uint8_t { kMessageAndClose, kClose };
  UniWebsocketSession(Context& context, List& list, std::unique_ptr<net::Stream> stream,
                      const websocket::ConnectionOptions& options,
                      std::unique_ptr<websocket::MessageInflater> inflater, SessionForm form,
                      EndsWith ends_with);

  // With a connect request that came in the URL; otherwise the first message is one.
  void Connect(protocol::ConnectRequest request);

  void Close(std::uint32_t code, std::string_view reason) override;
  const Uuid* secret() const override { return &secret_; }
  void OnMessage(websocket::Opcode, std::string_view payload) override;

 private:
  const Uuid secret_;
  const EndsWith ends_with_;
  bool asked_ = false;  // the connect request has come
};

}  // namespace tidemill::session
