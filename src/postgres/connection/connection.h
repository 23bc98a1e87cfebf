// Connection: one session with a PostgreSQL server, from its opening to its end; it is never opened again.
//
// Segments are pipelined: those of a turn leave in one write, their answers come in order. A server that
// answers too much or too little, or stays silent for too long, ends the connection. A segment that nobody
// wants any more is cancelled once it is the one that runs.
//
// Loop thread only. The owner destroys it through Loop::Retire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log_limit.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "postgres/connection/opened_session.h"
#include "postgres/connection/pipeline.h"
#include "postgres/connection/segment_writer.h"
#include "postgres/metrics.h"
#include "postgres/opening/session_opener.h"
#include "postgres/protocol/backend.h"
#include "postgres/protocol/message_reader.h"

namespace tidemill::postgres {

struct ConnectionOptions {
  Duration io_timeout = Seconds(10);        // beyond statement_timeout: silence while an answer is due
  Duration statement_timeout = Seconds(5);  // the server's; 0: none, and no answer is ever late
  Duration probe_interval = Seconds(10);    // of silence, after which a Sync asks whether it is still there
  std::uint32_t row_bytes_max = 16u << 20;
  std::size_t queued_bytes_max = 64u << 20;  // not yet taken by the kernel
  bool miss_a_sync_for_test = false;         // a fault that a checker must find
};

struct SegmentEnd {
  std::optional<TransactionStatus> status;  // nullopt: the connection ended before
  std::string why;                          // then
  bool may_move = false;                    // then, or before: it stood still, see MoveReads
};

// So often what a cancelling hit that was meant for another is sent again.
inline constexpr int kHitsMax = 10;

// Gets the answers to one segment.
class Request {
 public:
  virtual void OnAnswer(std::size_t question, const Message& message) = 0;
  // `stray_cancel`: it was cancelled, and the cancelling was meant for another.
  virtual void OnFailure(std::size_t question, ServerMessage message, bool stray_cancel) = 0;
  // Nothing follows.
  virtual void OnEnd(const SegmentEnd& end) = 0;
  // Of the segment that runs: it does so for long, and others wait behind it.
  virtual void OnStall() {}
  // Of the segment that runs: the server took everything after some had to wait.
  virtual void OnWritable() {}

 protected:
  ~Request() = default;
};

class ConnectionEvents {
 public:
  virtual void OnNotification(const Notification&) {}
  virtual void OnParameter(const ParameterStatus&) {}
  // Once, when it ends by itself; never from inside a call of its owner.
  virtual void OnClosed(const std::string& why) = 0;

 protected:
  ~ConnectionEvents() = default;
};

class Connection final : public net::StreamHandler, public net::Retirable, private net::Timer {
 public:
  // `opener` and `metrics` must outlive it.
  Connection(net::Loop& loop, OpenedSession opened, ConnectionOptions options, const SessionOpener& opener,
             Metrics& metrics);
  ~Connection() override;
  void SetEvents(ConnectionEvents* events) { events_ = events; }

  // False: it has ended, or too much waits to be written; nothing was sent.
  bool MaySend() const { return !closed_ && stream_->queued_bytes() < options_.queued_bytes_max; }
  // Sends a segment and gives its number. `request` is told until it ends, or until Forget. MaySend.
  // kPatient: the server may take any time.
  enum class Haste : std::uint8_t { kHurried, kPatient };
  std::uint64_t Send(const SegmentWriter& writer, Request* request, Haste haste = Haste::kHurried);
  // More of the newest segment, which has no Sync yet.
  void SendMore(const SegmentWriter& writer);
  std::size_t queued_bytes() const { return stream_->queued_bytes(); }
  // Something had to wait, and OnWritable will follow.
  bool is_blocked() const { return stream_->blocked(); }

  // The answers of the segment are dropped from here on.
  void Forget(std::uint64_t segment);
  // It is cancelled if it still runs a moment after its turn has come.
  void Cancel(std::uint64_t segment);
  // It only reads: it may be asked again on another connection.
  void MarkRead(std::uint64_t segment);
  // Its asker waits until then, beyond statement_timeout: no answer before is no sign of a dead server.
  void AwaitUntil(std::uint64_t segment, MonotonicTime deadline);
  // Whether nothing is lost with the connection: whatever is on it reads, or is unwanted.
  bool OnlyReads() const;
  // The segment that runs holds up the others. Tells its request.
  void TellStall();
  // Gives the reads behind the segment that runs back to their requests, to be asked elsewhere.
  void MoveReads();
  // OnlyReads. Ends it and tells OnClosed; all requests may move.
  void EndStalled();
  // The first segment that has not ended.
  std::uint64_t front() const { return pipeline_.first(); }
  // A cancelling is on its way, and whom it hits is not known.
  bool is_cancelling() const { return cancelling_; }
  // It, or the one before, may hit that segment although it is meant for another.
  bool MayBeHit(std::uint64_t segment) const {
    return segment != cancelled_ && (cancelling_ || (stray_until_ && segment <= *stray_until_));
  }
  // It may hit the segment that is sent next.
  bool MayBeHit() const { return MayBeHit(pipeline_.next()); }
  // It is the one that the server works on, as far as can be known.
  bool IsRunning(std::uint64_t segment) const { return !pipeline_.empty() && pipeline_.first() == segment; }
  // When something came last.
  std::int64_t heard_us() const { return heard_us_; }
  // How long the segment that ended last was the one that ran.
  std::int64_t last_run_us() const { return last_run_us_; }
  std::size_t in_flight() const { return pipeline_.size(); }

  // Answers stay in the kernel until ResumeReading; the time does not count as silence.
  void PauseReading() { stream_->PauseReading(); }
  void ResumeReading();
  // Whether silence between segments is probed. Not while a transaction is open: it would look alive.
  void SetProbing(bool probing);

  // The session has the settings of ours. From here on what we rely on, and what the server reports, must
  // stay as it is, or was when the session was opened: it ends with the first segment that leaves it
  // otherwise, as others share it. SET LOCAL is gone by then.
  void HoldSettings();
  // As the server reported it last; "" if it did not.
  const std::string& parameter(std::string_view name) const;
  const OpenedSession& opened() const { return opened_; }
  MonotonicTime begun() const { return begun_; }
  TransactionStatus status() const { return status_; }
  net::Loop& loop() const { return loop_; }

  // Ends it: requests are told. No OnClosed follows.
  void Close(const std::string& why);
  // Ends it and tells OnClosed, from another turn's work.
  void End(std::string why);
  bool closed() const { return closed_; }
  const std::string& end_reason() const { return end_reason_; }

  void OnData(std::string_view bytes) override;
  void OnWritable() override;
  void OnClosed() override { End("closed by the server"); }
  void OnRetire() override;

 private:
  struct Slot {
    Request* request = nullptr;  // null: nobody wants the answers
    Haste haste = Haste::kHurried;
    bool is_unwanted = false;
    bool only_reads = false;
    bool is_probe = false;
    MonotonicTime awaited_until{};
  };

  Slot* Find(std::uint64_t segment);
  void LookBy(MonotonicTime at);
  void Take(const Message& message);
  void TakeAnswer(const Message& message);
  void TakeError(const Message& message, Pipeline::Place place);
  void TakeNotice(const Message& message);
  void EndSegment(const Message& message);
  void CheckSettings();
  bool TakeUnasked(const Message& message);
  // The front of the pipeline is another one, or has something to answer again.
  struct Moment {
    MonotonicTime time;
    std::int64_t us = 0;
  };
  Moment Now() const;
  void BecomeFront(Moment now);
  void Breach(const std::string& what);
  std::optional<MonotonicTime> WhenLate() const;
  Task<void> CancelRunning(std::uint64_t segment);
  void OnTimer() override;

  net::Loop& loop_;
  const ConnectionOptions options_;
  const SessionOpener& opener_;
  Metrics& metrics_;
  OpenedSession opened_;  // its stream is here below
  std::unique_ptr<net::Stream> stream_;
  MessageReader reader_;
  Pipeline pipeline_;
  std::deque<Slot> slots_;  // of the pipeline's segments
  ConnectionEvents* events_ = nullptr;
  TransactionStatus status_ = TransactionStatus::kIdle;
  const MonotonicTime begun_;
  MonotonicTime last_heard_;
  MonotonicTime front_since_{};
  std::int64_t front_since_us_ = 0;
  std::int64_t heard_us_ = 0;  // last_heard_ in µs
  std::int64_t last_run_us_ = 0;
  bool cancelling_ = false;
  std::optional<std::uint64_t> cancelled_;      // the segment that a cancelling was meant for last
  std::optional<std::uint64_t> stray_until_;    // whom it may still hit
  std::optional<MonotonicTime> cancel_passed_;  // when the server had it
  std::string fatal_;                           // what the server said at the end
  std::string end_reason_;
  log::LogLimit notice_limit_;
  std::map<std::string, std::string, std::less<>> held_settings_;
  bool holds_settings_ = false;
  bool is_setting_reported_ = false;  // since they were compared last
  std::uint64_t sent_ = 0;
  bool probing_ = true;
  bool stalled_ = false;  // it ends for that
  bool closed_ = false;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace tidemill::postgres
