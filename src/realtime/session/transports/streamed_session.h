// StreamedSession: a session whose messages are the body of one HTTP response, which ends with its
// connection: an event stream, or messages behind one another. What its client says comes in requests of
// their own (transports/emulation.h), or not at all.
//
// The body has no length and no chunks, so that what the hub sends is the same bytes for all of a form.
// Connection, response and session are one piece of memory. Owns itself (ListedSession). Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "net/stream.h"
#include "realtime/session/session.h"
#include "realtime/session/transport.h"
#include "realtime/session/transports/listed_session.h"

namespace tidemill::session {

// The head of a response that is not sent before the connect request was: a refused one is answered in HTTP.
struct HeldHead {
  std::string head;                   // of 200
  std::string content_type;           // of the body
  std::vector<std::string> statuses;  // of codes: session/connect_status.h
};

class StreamedSession final : public Transport,
                              public net::StreamHandler,
                              public ListedSession<StreamedSession> {
 public:
  // `held` null: the head of the response is queued on `stream` already.
  StreamedSession(Context& context, List& list, std::unique_ptr<net::Stream> stream, SessionForm form,
                  std::unique_ptr<HeldHead> held);

  // What came with the request: commands, or the connect request of a client that only listens.
  // Of the request that connects, before Start.
  void KeepHeaders(const http::Request& request) { session_.KeepHeaders(request); }
  void Start(std::string_view frame) { session_.OnFrame(frame); }
  void Start(protocol::ConnectRequest request) { session_.OnConnectRequest(std::move(request)); }

  // Transport
  void QueueMessage(std::string_view message) override;
  bool QueuePing() override { return false; }
  // The client is told in a message: a response has nothing like a close frame.
  void Close(std::uint32_t code, std::string_view reason) override;
  void RefuseConnect(const protocol::ErrorCode& error, const protocol::DisconnectCode& code) override;
  void Retire() override { RetireOn(session_.loop()); }
  net::Stream& stream() override { return *stream_; }
  const Uuid* secret() const override { return &secret_; }

  // net::StreamHandler
  void OnData(std::string_view bytes) override;
  void OnWritable() override;
  void OnClosed() override { session_.OnTransportClosed(); }

 private:
  void AnswerRefusal(std::uint32_t code, std::string_view reason);
  void End();

  const Uuid secret_;
  const std::unique_ptr<net::Stream> stream_;
  const SessionForm form_;
  std::unique_ptr<HeldHead> held_;  // null: it is sent
  bool closing_ = false;
  std::uint16_t stray_bytes_ = 0;  // behind the request
  Session session_;
};

}  // namespace tidemill::session
