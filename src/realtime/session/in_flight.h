// InFlight: what a session has only while it works off a frame: the frames that came meanwhile, and the
// answers that the peer has not taken.
//
// Answers are bounded by the peer's reading: the next command begins when what the ones before it gave has
// left, and no turn gives more than kAnswerBytesMax beside its last answer. So however many commands stand in
// a frame, one answer more than that is in memory.
//
// Loop thread only. Lives in the frame of the session's task.
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/metrics.h"
#include "net/stream.h"
#include "realtime/session/backlog.h"

namespace tidemill::session {

class InFlight final : private net::Pollable {
 public:
  // Bytes of answers that may be queued, or be given in one turn, before the next command waits.
  static constexpr std::size_t kAnswerBytesMax = 64 * 1024;

  // While it lives, `place` points to it. What waits is added to `unread`. Frames that wait count in
  // `buffers`; null: there is no limit for those of all sessions.
  InFlight(net::Stream& stream, metrics::Gauge& unread, InFlight*& place,
           http::BufferBudget* buffers = nullptr);
  ~InFlight();
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  // A frame that came meanwhile. false: it does not fit any more.
  bool Push(std::string_view frame);
  // The oldest of them.
  std::optional<std::string> Pop() { return backlog_ ? backlog_->Pop() : std::nullopt; }
  bool has_backlog() const { return backlog_ != nullptr; }

  // An answer of that many bytes was queued.
  void CountAnswer(std::size_t bytes);
  // Bytes of answers that may still be queued.
  std::size_t answer_bytes() const { return answer_bytes_; }

  class Room;
  // co_await in_flight.UntilRoom(): goes on when the next command may begin, or after Wake.
  Room UntilRoom();

  // The stream's.
  void OnWritable();
  // Nobody will read any more. Not resumed inside this call.
  void Wake();

 private:
  bool MustWait() const;
  void Wait(std::coroutine_handle<> awaiter);
  void OnReady(std::uint32_t) override;

  void CountUnread(std::size_t bytes);

  net::Stream& stream_;
  metrics::Gauge& unread_;
  InFlight*& place_;
  http::BufferBudget* const buffers_;
  std::unique_ptr<Backlog> backlog_;  // null: no frame came meanwhile
  std::coroutine_handle<> awaiter_;
  std::size_t answer_bytes_ = 0;  // since the last wait, or since the queue was empty
  std::size_t unread_bytes_ = 0;  // counted
};

class [[nodiscard]] InFlight::Room {
 public:
  explicit Room(InFlight& in_flight) : in_flight_(in_flight) {}
  bool await_ready() const { return !in_flight_.MustWait(); }
  void await_suspend(std::coroutine_handle<> awaiter) { in_flight_.Wait(awaiter); }
  void await_resume() const {}

 private:
  InFlight& in_flight_;
};

inline InFlight::Room InFlight::UntilRoom() { return Room(*this); }

}  // namespace tidemill::session
