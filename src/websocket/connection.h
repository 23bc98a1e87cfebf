// Connection: a WebSocket over a stream: reads frames, answers pings, does the closing handshake.
//
// Loop thread only. Control frames and small messages go through the stream's queue; the fan-out path sends
// ranges of ready frames through `stream()` itself, whole frames only (see Stream::Send).
#pragma once

#include <memory>
#include <string_view>

#include "net/stream.h"
#include "websocket/frame.h"

namespace tidemill::websocket {

class ConnectionHandler {
 public:
  // `payload` is borrowed until the call returns.
  virtual void OnMessage(Opcode kind, std::string_view payload) = 0;
  virtual void OnWritable() = 0;
  // The peer answered a QueuePing (or sent a pong unasked).
  virtual void OnPong() {}
  // The connection ended: the peer's code (or kNoStatus, or 1006 in spirit: kGoingAway when the socket
  // broke). Nothing follows; retire the connection.
  virtual void OnClosed(CloseCode code, std::string_view reason) = 0;

 protected:
  ~ConnectionHandler() = default;
};

struct ConnectionOptions {
  FrameLimits limits;
  Duration close_timeout = Seconds(5);  // for the peer's half of the closing handshake
};

class Connection final : public net::StreamHandler {
 public:
  // `options` must outlive the connection. Queues nothing: the caller sends the 101 before.
  Connection(std::unique_ptr<net::Stream> stream, const ConnectionOptions& options,
             std::unique_ptr<MessageInflater> inflater, ConnectionHandler& handler);
  ~Connection();

  // Bytes that were read together with the handshake; call once, after construction.
  void Start(std::string_view rest);

  // Queues one message, uncompressed.
  void QueueMessage(Opcode kind, std::string_view payload);

  // Queues a ping frame with an empty payload.
  void QueuePing();

  // Sends Close and waits for the peer's; OnClosed follows, at the latest after close_timeout. What is queued
  // goes out first. `code` is any 1000–4999 the protocol allows on the wire.
  void Close(std::uint16_t code, std::string_view reason);
  bool closing() const;

  net::Stream& stream() { return *stream_; }

  void OnData(std::string_view bytes) override;
  void OnWritable() override;
  void OnClosed() override;

 private:
  std::unique_ptr<net::Stream> stream_;
};

}  // namespace tidemill::websocket
