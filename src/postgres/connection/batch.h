// Batch: an Ask on its way: built into one segment, sent, and its answers taken, until it has ended or nobody
// waits for it any more.
//
// co_await it after Send. Destroyed before its end, its answers are dropped; if it only reads, or is in a
// transaction, it is cancelled. Loop thread only.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "net/timer_wheel.h"
#include "postgres/connection/ask.h"
#include "postgres/connection/connection.h"
#include "postgres/connection/row_taker.h"
#include "postgres/statements/prepared.h"

namespace tidemill::postgres {

class Session;

class Batch final : public Request, private net::Timer {
 public:
  // kUnnamed: it stands alone, whatever becomes of what others prepare on the connection.
  enum class Names : std::uint8_t { kPrepared, kUnnamed };
  // `ask` must outlive it.
  Batch(Session& session, const Ask& ask, Names names = Names::kPrepared);
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() override;

  // kUnavailable, kLimitExceeded: it was not sent.
  sql::Result<void> Send();

  bool await_ready() const { return over_; }
  void await_suspend(std::coroutine_handle<> awaiter) { awaiter_ = awaiter; }
  void await_resume() const {}

  // A prepared statement was not there, or not as it was.
  bool is_stale() const { return is_stale_; }
  // Nothing has happened, and another attempt may go better; `repeats`: how many there were before it.
  bool MayBeSentAgain(int repeats) const;
  // Its connection stood still; it only reads, and nobody has seen any of its rows.
  bool MayMove() const { return may_move_; }
  // OnStall came, and was told.
  bool stalled() const { return stalled_; }
  // Types of rows that were put aside; they must be known before TakeResult.
  std::vector<std::uint32_t> MissingTypes() const;
  // Of its rows: types that are to be looked up again, for those who come later.
  std::vector<std::uint32_t> OldTypes() const;
  // What it came to.
  sql::Result<Answers> TakeResult();
  // How long it was the one that ran; negative: its end was not seen.
  std::int64_t run_us() const { return run_us_; }

 private:
  struct State {
    explicit State(RowTaker taker) : rows(std::move(taker)) {}
    std::size_t first_question = 0;
    std::optional<std::size_t> parse_question;
    std::shared_ptr<PreparedStatement> prepared;  // null: unnamed
    bool is_parsed = false;                       // this segment prepares it
    std::shared_ptr<Described> description;       // that the server gives now
    RowTaker rows;
    std::uint64_t rows_affected = 0;
    std::string command;
  };

  void WriteReadOnly(SegmentWriter& writer);
  void Write(SegmentWriter& writer, State& state, const sql::Call& call);
  State* StateOf(std::size_t question);
  void TakeDescription(State& state, const Message& message);
  void TakeRow(State& state, const Message& message);
  void TakeTag(State& state, const Message& message);
  sql::Result<void> Release();
  void NoteGone(const State* state);
  void Judge(const SegmentEnd& end);
  void DropPrepared();
  bool IsUntouched() const;
  bool ReadsAlone() const;
  sql::Failure Overrun(const State& state) const;
  void Finish();

  void OnAnswer(std::size_t question, const Message& message) override;
  void OnFailure(std::size_t question, ServerMessage message, bool stray_cancel) override;
  void OnEnd(const SegmentEnd& end) override;
  void OnStall() override;
  void OnTimer() override;

  Session& session_;
  const Ask& ask_;
  const Names names_;
  std::uint64_t bytes_together_max_;
  std::vector<State, FrameAllocator<State>> states_;
  std::size_t current_ = 0;           // whose answers come
  std::size_t end_question_ = 0;      // the first one behind the calls
  std::uint64_t bytes_together_ = 0;  // of all results
  std::uint64_t segment_ = 0;
  bool sent_ = false;
  bool over_ = false;
  bool late_ = false;
  bool stray_cancel_ = false;
  bool is_stale_ = false;  // a prepared statement was not there, or its rows have changed
  bool idle_after_ = false;
  bool may_move_ = false;
  std::optional<sql::Failure> failure_;
  std::int64_t run_us_ = -1;
  bool stalled_ = false;
  std::coroutine_handle<> awaiter_;
};

}  // namespace tidemill::postgres
