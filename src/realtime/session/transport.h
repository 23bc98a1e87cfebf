// Transport: what carries a session's messages. WebSocket has one (transports/websocket.h).
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"
#include "net/stream.h"
#include "realtime/protocol/codes.h"

namespace tidemill::session {

class Transport {
 public:
  // Queues one protocol message (or several of one batch) as one frame.
  virtual void QueueMessage(std::string_view message) = 0;
  // Asks the peer for a sign of life below the protocol; false: this transport has none, use a message.
  virtual bool QueuePing() = 0;
  // Ends the connection with this code and reason, after what is queued; Session::OnTransportClosed follows.
  virtual void Close(std::uint32_t code, std::string_view reason) = 0;
  // Ends the connection because its connect got this error; a transport without replies to commands closes
  // it.
  virtual void RefuseConnect(const protocol::ErrorCode& /*error*/, const protocol::DisconnectCode& code) {
    Close(code.code, code.reason);
  }
  // The client is known from now on: what it sends may take more memory than a stranger's.
  virtual void Admit() {}
  // The session is over and nothing refers to it any more: destroy both at the end of the turn.
  virtual void Retire() = 0;
  virtual net::Stream& stream() = 0;
  // By which others reach the session (session_secret.h); null: a client that can send on its own connection
  // needs none.
  virtual const Uuid* secret() const { return nullptr; }

 protected:
  ~Transport() = default;
};

}  // namespace tidemill::session
