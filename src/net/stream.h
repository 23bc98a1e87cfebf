// Stream: one connected socket, plain or TLS, on one loop.
//
// Reading: bytes arrive in the loop's shared buffer and are handed on at once; a stream owns no buffer while
// it is idle. A peer that sends more than its share of a turn (net/turn_shares.h) is read on in later turns,
// behind the others. Writing: Queue copies into a pending buffer that exists only while something is pending;
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
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/address.h"
#include "net/connection_limiter.h"
#include "net/loop.h"
#include "net/tls_session.h"

namespace tidemill::net {

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
  // Changes when the peer takes some of what is on its way to it, here and in the kernel; 0: nothing is.
  std::uint32_t TransitMark() const;
  bool owns_buffer() const { return pending_ != nullptr; }
  bool blocked() const { return blocked_; }
  bool closed() const { return fd_ < 0; }

  // Stops and starts taking bytes from the peer.
  void PauseReading();
  void ResumeReading();
  bool reading_paused() const { return reading_paused_; }
  // For OnData, when the turn's share is spent (Loop::ShareSpent) or reading was paused: `rest`, the end of
  // the bytes at hand and at most a turn's share, is kept. OnData gets it again, even if it is empty, in a
  // later turn and when reading is not paused, before anything else is read.
  void GiveBack(std::string_view rest);

  // The peer is no stranger but a server of ours (a store, say): it is read without regard to shares.
  void TrustPeer() { peer_trusted_ = true; }

  // At once; what is pending is dropped. No callback follows.
  void Close();
  // Sends what is pending, half-closes, waits for the peer's end, then OnClosed: all within `linger`.
  // Bytes that arrive meanwhile are dropped, at most `dropped_bytes_max`: after that the peer is not read any
  // more, and has to wait.
  static constexpr std::size_t kDroppedBytesMax = 256 * 1024;
  void CloseAfterFlush(Duration linger, std::size_t dropped_bytes_max = kDroppedBytesMax);

  const IpAddress& peer() const { return peer_; }
  // It is somebody else's, for whom the peer only stands: counts it there. As ConnectionLimiter::Move.
  Admission AssumePeer(const IpAddress& client);
  bool is_tls() const { return tls_ != nullptr; }
  Loop& loop() const { return loop_; }
  std::string_view alpn() const;  // what TLS negotiated, "" if nothing
  // As TlsSession has it; "" without TLS.
  std::string ServerEndPoint() const;

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
  bool HasMore() const { return unread_ || held_ != nullptr; }
  void ReadSome();
  void DeliverHeld();
  void GiveData(std::string_view bytes);
  void DropSome();
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
  std::unique_ptr<std::string> held_;      // what OnData gave back; null: nothing
  IpAddress peer_;
  int fd_;
  State state_ = State::kOpen;
  bool handshaking_ = false;    // no byte of ours may leave yet
  bool blocked_ = false;        // OnWritable is due when the kernel has room
  bool unread_ = false;         // an edge said readable, and we did not read to the end
  bool peer_end_seen_ = false;  // an edge said that the peer's end is behind the data
  bool peer_ended_ = false;     // we read the peer's end
  bool reading_paused_ = false;
  bool flush_armed_ = false;
  bool peer_trusted_ = false;
  bool calling_ = false;  // OnData or OnWritable, after which the stream goes on
};

}  // namespace tidemill::net
