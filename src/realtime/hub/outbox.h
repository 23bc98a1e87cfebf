// Outbox: what one session still has to be sent of the channels it follows.
//
// Normally empty: the hub sends a turn's frames straight from the shared logs. Only when the peer does not
// take them does the outbox keep cursors into the logs (positions, never copies), until the stream is
// writable again. More than `queued_bytes_max` behind: OnSlow, once. An answer that the client asked for does
// not count: a large one may take its time.
//
// Loop thread only; lives inside its session, at a fixed address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "net/stream.h"
#include "realtime/hub/frame_log.h"

namespace tidemill::hub {

struct Subscription;

// The session's side.
class OutboxOwner {
 public:
  // Of what is queued on the stream, at most these bytes are answers that the client asked for.
  virtual std::size_t answer_bytes() const = 0;
  // The peer is too far behind. Close the session, not inside this call.
  virtual void OnSlow(std::size_t queued_bytes) = 0;

 protected:
  ~OutboxOwner() = default;
};

class Outbox {
 public:
  Outbox(OutboxOwner& owner, net::Stream& stream, std::size_t queued_bytes_max);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // While paused, nothing of the logs is sent: a reply must go first. Resume sends what gathered.
  void Pause();
  void Resume();

  // The stream takes bytes again.
  void OnWritable();
  // Drops everything of the logs; nothing is sent from here on.
  void Close();

  // Bytes of this session that the kernel has not taken.
  std::size_t queued_bytes() const;
  // Of these, what counts against the limit: all but answers.
  std::size_t waiting_bytes() const;
  bool behind() const { return lag_ != nullptr; }
  const net::IpAddress& peer() const { return stream_.peer(); }

 private:
  friend class Hub;
  friend class FanOut;
  struct Lag;

  // The fan-out's walk over its groups: remember, then send all at once.
  void AddPending(Subscription& subscription);
  void SendPending();
  // The same for one group, without the detour. `all` is all of the flush's frames.
  void SendOnly(Subscription& subscription, std::span<const iovec> all);
  void Prefetch() const { __builtin_prefetch(&stream_); }
  // Forgets `subscription`, which ends.
  void Drop(Subscription& subscription);

  bool CanSendNow() const { return lag_ == nullptr && !stream_.blocked(); }
  void FallBehind(Subscription& subscription, std::uint64_t position);
  // Of a conflated form: nothing before the newest publication is for it any more.
  void MoveOn(Subscription& subscription);
  void KeepUnsent(std::span<Subscription* const> subscriptions, std::size_t sent);
  void SendLag();
  void CheckLimit();

  OutboxOwner& owner_;
  net::Stream& stream_;
  Subscription* pending_ = nullptr;
  std::unique_ptr<Lag> lag_;
  const std::uint32_t queued_bytes_max_;
  bool paused_ = false;
  bool closed_ = false;
  bool reported_slow_ = false;
  bool listed_ = false;  // the fan-out's: it will call SendPending
};

}  // namespace tidemill::hub
