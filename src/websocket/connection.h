// Connection: a WebSocket over a stream: reads frames, answers pings, does the closing handshake.
//
// Loop thread only. Control frames and small messages go through the stream's queue; the fan-out path sends
// ranges of ready frames through `stream()` itself, whole frames only (see Stream::Send): what a Send did not
// take of a frame it has begun is queued before anything else is.
//
// One exists per idle client, so it is small: what only a split message, a closing handshake or a peer that
// does not read its pongs needs is allocated then.
#pragma once

#include <memory>
#include <string_view>

#include "net/stream.h"
#include "websocket/deflate.h"
#include "websocket/frame.h"

namespace tidemill::websocket {

class ConnectionHandler {
 public:
  // `payload` is borrowed until the call returns. Not called any more once Close was.
  virtual void OnMessage(Opcode kind, std::string_view payload) = 0;
  virtual void OnPong() {}
  // Frames came that are work and no message: a ping, a pong, or for each 16 fragments of a message one.
  virtual void OnExtraFrames(std::size_t /*frames*/) {}
  // FrameLimits::buffers has no room for what it sends: it is being closed with 1013.
  virtual void OnBuffersUsedUp() {}
  virtual void OnWritable() = 0;
  // The connection ended: the peer's code (or kNoStatus), ours if the peer broke the protocol, or kGoingAway
  // if it closed without a close frame (RFC 6455 section 7.1.5) or did not answer our Close. Nothing follows;
  // retire the connection.
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
  // `inflater` null: permessage-deflate was not agreed on.
  Connection(std::unique_ptr<net::Stream> stream, const ConnectionOptions& options,
             std::unique_ptr<MessageInflater> inflater, ConnectionHandler& handler);
  ~Connection();

  // Bytes that were read together with the handshake; call once, after construction.
  void Start(std::string_view rest);

  // Queues one message, uncompressed. Dropped when closing.
  void QueueMessage(Opcode kind, std::string_view payload);
  // Queues a ping; OnPong follows if the peer lives. Dropped when closing.
  void QueuePing();

  // Sends Close and waits for the peer's; OnClosed follows, at the latest after close_timeout. What is queued
  // goes out first. `code` is any 1000–4999 the protocol allows on the wire, or kNoStatus for none.
  // Nothing happens when the connection is closing already.
  void Close(std::uint16_t code, std::string_view reason);
  // The peer is known from now on: FrameReader::Admit.
  void Admit() { reader_.Admit(); }
  // A Close was sent or came: nothing may be sent any more.
  bool closing() const { return closing_ != nullptr; }

  net::Stream& stream() { return *stream_; }

  void OnData(std::string_view bytes) override;
  void OnWritable() override;
  void OnClosed() override;

 private:
  struct Closing;

  void Read(std::span<char> bytes);
  void Take(const FrameReader::Event& event);
  void TakeWhileClosing(const FrameReader::Event& event);
  void AnswerPing(std::string_view payload);
  void SendLatePong();
  void QueueFrame(Opcode opcode, std::string_view payload);
  void BeginClosing(CloseCode code, std::string_view reason);
  void EndStream(CloseCode code, std::string_view reason);

  std::unique_ptr<net::Stream> stream_;
  const ConnectionOptions* options_;
  ConnectionHandler* handler_;
  std::unique_ptr<MessageInflater> inflater_;
  FrameReader reader_;
  std::unique_ptr<Closing> closing_;
  std::unique_ptr<std::string> late_pong_;  // the newest ping's payload, while the peer does not read
};

static_assert(sizeof(Connection) <= 128);

}  // namespace tidemill::websocket
