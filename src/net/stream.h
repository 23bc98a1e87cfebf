// Stream: one connected socket, plain or TLS, on one loop.
//
// Reading: bytes arrive in the loop's shared buffer and are handed on at once; a stream owns no buffer while
// it is idle. Writing: Queue copies into a pending buffer that exists only while something is pending;
// everything queued in a turn leaves in one send at its end. The fan-out path calls Send itself, with ranges
// of memory that subscribers share.
//
// Loop thread only. The owner keeps the stream in a unique_ptr and destroys it through Loop::Retire.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/tls_session.h"

namespace tidemill::net {

class ConnectionLimiter;
struct PendingBytes;

class StreamHandler {
 public:
  // `bytes` is borrowed until the call returns. The handler may close or retire the stream inside.
  virtual void OnData(std::string_view bytes) = 0;
  // The peer took everything after a Send or a Queue had to wait.
  virtual void OnWritable() = 0;
  // The peer closed (even if only its sending half), the connection broke, or a CloseAfterFlush came to its
  // end. Called once, always from the loop, never from inside Queue, Send or another call of the owner's.
  // What was queued before the peer's end is sent first. Nothing follows. Not called for Close().
  virtual void OnClosed() = 0;

 protected:
  ~StreamHandler() = default;
};

class Stream final : public Pollable, public Retirable {
 public:
  // Takes the connected, non-blocking `fd`. `tls` null: plaintext.
  // `limiter`, when given, gets its Release when the stream is destroyed.
  static std::unique_ptr<Stream> Adopt(Loop& loop, int fd, IpAddress peer, std::unique_ptr<TlsSession> tls,
                                       ConnectionLimiter* limiter = nullptr);
  ~Stream() override;

  // The handler must be set before the loop's next turn; `ReadNow` reads at once, for a socket accepted with
  // data already there. Not from inside OnData.
  void SetHandler(StreamHandler* handler) { handler_ = handler; }
  void ReadNow();

  // Appends to what is pending; sent when the turn ends. No limit of its own: the caller checks
  // queued_bytes() against its own.
  void Queue(std::string_view bytes);

  // Sends what is pending and then `ranges`, now. Gives how many bytes of `ranges` were taken; when fewer
  // than all, OnWritable follows. The caller keeps the rest. What a TLS record has taken counts as sent.
  std::size_t Send(std::span<const iovec> ranges);

  // Bytes queued and not yet taken by the kernel.
  std::size_t queued_bytes() const;
  bool owns_buffer() const { return pending_ != nullptr; }
  bool blocked() const { return blocked_; }
  bool closed() const { return fd_ < 0; }

  // Stops and starts taking bytes from the peer.
  void PauseReading();
  void ResumeReading();

  // At once; what is pending is dropped. No callback follows.
  void Close();
  // Sends what is pending, half-closes, waits for the peer's end, then OnClosed: all within `linger`.
  // Bytes that arrive meanwhile are dropped.
  void CloseAfterFlush(Duration linger);

  const IpAddress& peer() const { return peer_; }
  bool is_tls() const { return tls_ != nullptr; }
  Loop& loop() const { return loop_; }
  std::string_view alpn() const;  // what TLS negotiated, "" if nothing

  void OnReady(std::uint32_t epoll_events) override;
  void OnRetire() override { Close(); }
  // For the loop's StreamPool.
  void FlushQueued();

 private:
  enum class State : std::uint8_t {
    kOpen,
    kDraining,   // CloseAfterFlush: until what is pending has left
    kLingering,  // our half is closed; until the peer's end
    kEnded,      // OnClosed is due in the next turn
  };
  enum class Source : std::uint8_t { kMore, kDrained, kEnd };
  struct Received {
    std::size_t bytes;
    Source source;
  };
  class Deadline;

  Stream(Loop& loop, int fd, IpAddress peer, std::unique_ptr<TlsSession> tls, ConnectionLimiter* limiter);

  bool ContinueHandshake();
  void ReadSome();
  Received ReceivePlain(std::span<char> buffer);
  Received ReceiveTls(std::span<char> buffer);
  void OnPeerEnd();

  std::size_t Write(std::span<const iovec> ranges);
  std::size_t WritePlain(std::span<const iovec> ranges);
  std::size_t WriteTls(std::span<const iovec> ranges);
  void AppendPending(std::string_view bytes);
  void ConsumePending(std::size_t bytes);
  void ReleasePending();
  void OnUnblocked();

  void StartLinger();
  void SetDeadline(Duration from_now);
  void ArmFlush();
  void EndLater();
  void Finish();

  Loop& loop_;
  ConnectionLimiter* const limiter_;
  StreamHandler* handler_ = nullptr;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<Deadline> deadline_;     // of the TLS handshake, later of CloseAfterFlush
  std::unique_ptr<PendingBytes> pending_;  // null when nothing is pending
  const IpAddress peer_;
  int fd_;
  State state_ = State::kOpen;
  bool handshaking_ = false;    // no byte of ours may leave yet
  bool blocked_ = false;        // OnWritable is due when the kernel has room
  bool unread_ = false;         // an edge said readable, and we did not read to the end
  bool peer_end_seen_ = false;  // an edge said that the peer's end is behind the data
  bool peer_ended_ = false;     // we read the peer's end
  bool reading_paused_ = false;
  bool flush_armed_ = false;
};

}  // namespace tidemill::net
