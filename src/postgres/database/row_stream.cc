#include "postgres/database/row_stream.h"

#include <algorithm>
#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "net/timer_wheel.h"
#include "postgres/connection/row_taker.h"
#include "postgres/statements/settings_call.h"

namespace tidemill::postgres {
namespace {

constexpr std::uint64_t kPieceBytes = 256 * 1024;
constexpr std::uint64_t kFirstRows = 100;
constexpr std::uint64_t kRowsMin = 10;
constexpr std::uint64_t kRowsMax = 10'000;

class PostgresRowStream final : public sql::RowStream, private Request, private net::Timer {
 public:
  PostgresRowStream(Turnstile::Pass pass, Lease lease, sql::Call call, Described described)
      : pass_(std::move(pass)),
        lease_(std::move(lease)),
        call_(std::move(call)),
        described_(std::make_shared<Described>(std::move(described))),
        loop_(lease_->loop()),
        piece_(NewPiece()) {}
  ~PostgresRowStream() override {
    loop_.timers().Cancel(*this);
    Abandon();
  }

  const sql::Columns& columns() const override { return *described_->columns; }

  sql::Result<void> Start() {
    Connection& connection = lease_->connection();
    if (!connection.MaySend())
      return sql::Fail(sql::FailureKind::kUnavailable, "not connected to PostgreSQL");
    SegmentWriter& writer = lease_->writer();
    writer.Clear();
    if (call_.access == sql::Access::kRead) writer.Once("set transaction_read_only = on");
    if (call_.settings) WriteSettings(writer);
    first_question_ = writer.questions().size();
    writer.Parse("", call_.statement.text(), call_.statement.parameter_oids());
    writer.Bind({.portal = {},
                 .statement = {},
                 .parameters = call_.parameters,
                 .result_formats = described_->formats});
    writer.Execute(static_cast<std::uint32_t>(rows_wanted_));
    writer.Flush();
    segment_ = connection.Send(writer, this);
    is_open_ = true;
    state_ = State::kRunning;
    if (call_.limits.deadline) loop_.timers().Schedule(*this, *call_.limits.deadline);
    return {};
  }

  Task<sql::Result<std::optional<sql::Rows>>> Next() override {
    while (!failure_ && !HasPiece() && state_ != State::kEnded) {
      if (state_ == State::kSuspended) Continue();
      if (state_ != State::kEnded) {
        if (lease_->connection().closed()) break;
        lease_->connection().ResumeReading();
        co_await Wake{*this};
      }
    }
    if (failure_) co_return std::unexpected(*failure_);
    if (piece_.rows->empty()) co_return std::nullopt;
    co_return TakePiece();
  }

 private:
  enum class State : std::uint8_t { kRunning, kSuspended, kEnded };
  struct Piece {
    std::unique_ptr<sql::Rows> rows;
  };
  struct Wake {
    PostgresRowStream& stream;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> awaiter) { stream.awaiter_ = awaiter; }
    void await_resume() const {}
    ~Wake() { stream.awaiter_ = nullptr; }
  };

  void WriteSettings(SegmentWriter& writer) const {
    const sql::Call call = SettingsCall(*call_.settings, call_.access);
    writer.Parse("", call.statement.text(), {});
    writer.Bind({.portal = {}, .statement = {}, .parameters = call.parameters, .result_formats = {}});
    writer.Execute();
  }
  Piece NewPiece() const { return {std::make_unique<sql::Rows>(described_->columns)}; }
  bool HasPiece() const {
    return piece_.rows->bytes() >= kPieceBytes || (state_ != State::kRunning && !piece_.rows->empty());
  }
  sql::Rows TakePiece() { return std::move(*std::exchange(piece_, NewPiece()).rows); }
  void Notify() {
    if (awaiter_) std::exchange(awaiter_, nullptr).resume();
  }

  // Asks for as many rows as are likely to be a piece.
  void Continue() {
    const std::uint64_t per_row = std::max<std::uint64_t>(1, suspended_bytes_ / rows_wanted_);
    rows_wanted_ = std::clamp(kPieceBytes / per_row, kRowsMin, kRowsMax);
    suspended_bytes_ = 0;
    SegmentWriter& writer = lease_->writer();
    writer.Clear();
    writer.Execute(static_cast<std::uint32_t>(rows_wanted_));
    writer.Flush();
    state_ = State::kRunning;
    lease_->connection().SendMore(writer);
  }

  void CloseSegment() {
    if (!std::exchange(is_open_, false)) return;
    SegmentWriter& writer = lease_->writer();
    writer.Clear();
    writer.Sync();
    lease_->connection().SendMore(writer);
  }

  void Abandon() {
    if (!lease_) return;
    Connection& connection = lease_->connection();
    if (!connection.closed() && state_ != State::kEnded) {
      connection.Forget(segment_);
      if (state_ == State::kRunning) connection.Cancel(segment_);
      CloseSegment();
      connection.ResumeReading();
      state_ = State::kEnded;
    }
    lease_.Return();
  }

  void Fail(sql::Failure failure) {
    if (failure_) return;
    lease_->metrics().failures(failure.kind).Add();
    failure_ = std::move(failure);
    *piece_.rows = sql::Rows(described_->columns);
  }

  void OnAnswer(std::size_t question, const Message& message) override {
    if (question < first_question_) return;
    switch (message.type) {
      case 'D': TakeRow(message); break;
      case 's':
        state_ = State::kSuspended;
        Notify();
        break;
      case 'C':
      case 'I': CloseSegment(); break;
      default: break;
    }
  }

  void TakeRow(const Message& message) {
    if (message.skipped_bytes > 0) {
      return Stop({.kind = sql::FailureKind::kLimitExceeded,
                   .message = "a row of " + std::to_string(message.skipped_bytes) + " bytes"});
    }
    if (auto parsed = ParseDataRow(message.body, described_->kinds, slots_); !parsed) {
      return lease_->connection().End(parsed.error().detail);
    }
    const sql::Row row(message.body.data(), slots_);
    piece_.rows->Append(row);
    suspended_bytes_ += row.bytes();
    bytes_ += row.bytes();
    ++rows_;
    const sql::Limits& limits = call_.limits;
    if ((limits.rows_max != 0 && rows_ > limits.rows_max) ||
        (limits.bytes_max != 0 && bytes_ > limits.bytes_max)) {
      return Stop({.kind = sql::FailureKind::kLimitExceeded, .message = "the result is over its limit"});
    }
    if (piece_.rows->bytes() < kPieceBytes) return;
    lease_->connection().PauseReading();
    Notify();
  }

  // Ends it before its end, with a failure of ours.
  void Stop(sql::Failure failure) {
    Fail(std::move(failure));
    loop_.timers().Cancel(*this);
    Abandon();
    Notify();
  }

  void OnFailure(std::size_t question, ServerMessage message, bool) override {
    // As Batch has it.
    if (message.failure.code == "42601" && question > first_question_) {
      message.failure.kind = sql::FailureKind::kInvalidValue;
    }
    Fail(std::move(message.failure));
    CloseSegment();
  }

  void OnEnd(const SegmentEnd& end) override {
    loop_.timers().Cancel(*this);
    state_ = State::kEnded;
    if (!end.status) {
      Fail({.kind = sql::FailureKind::kUnavailable,
            .effect = call_.access == sql::Access::kRead ? sql::Effect::kNone : sql::Effect::kUnknown,
            .message = "PostgreSQL: " + end.why});
    }
    lease_.Return();
    Notify();
  }

  void OnTimer() override {
    Stop({.kind = sql::FailureKind::kTimeout,
          .effect = call_.access == sql::Access::kRead ? sql::Effect::kNone : sql::Effect::kUnknown,
          .message = "PostgreSQL did not answer in time"});
  }

  const Turnstile::Pass pass_;
  Lease lease_;
  const sql::Call call_;
  const std::shared_ptr<Described> described_;
  net::Loop& loop_;
  Piece piece_;
  Slots slots_;
  State state_ = State::kEnded;
  bool is_open_ = false;            // the segment has no Sync yet
  std::size_t first_question_ = 0;  // that belongs to the statement
  std::uint64_t segment_ = 0;
  std::uint64_t rows_wanted_ = kFirstRows;
  std::uint64_t suspended_bytes_ = 0;  // since the portal went on
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  std::optional<sql::Failure> failure_;
  std::coroutine_handle<> awaiter_;
};

}  // namespace

Task<sql::Result<std::unique_ptr<sql::RowStream>>> OpenRowStream(Turnstile::Pass pass, Lease lease,
                                                                 sql::Call call) {
  TM_CO_TRY_ASSIGN(Described described, co_await lease->Describe(call.statement, call.limits.deadline));
  auto stream = std::make_unique<PostgresRowStream>(std::move(pass), std::move(lease), std::move(call),
                                                    std::move(described));
  TM_CO_TRY(stream->Start());
  co_return stream;
}

}  // namespace tidemill::postgres
