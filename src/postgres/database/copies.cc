#include "postgres/database/copies.h"

#include <algorithm>
#include <coroutine>
#include <utility>

#include "net/next_turn.h"
#include "postgres/statements/words.h"

namespace tidemill::postgres {
namespace {

constexpr std::size_t kQueuedMax = 1u << 20;     // CopyIn: on its way
constexpr std::size_t kPieceBytes = 256 * 1024;  // CopyOut: taken before the server has to wait
constexpr std::size_t kMessageBytesMax = 1u << 20;

sql::Result<void> CheckCopy(const sql::Statement& copy) {
  if (!MayBeSent(copy.text()))
    return sql::Fail(sql::FailureKind::kInvalidStatement, "a NUL in the statement");
  if (Words(copy.text()).Next() == "copy") return {};
  return sql::Fail(sql::FailureKind::kInvalidStatement, "no COPY");
}

sql::Result<void> Counted(sql::Result<void> result, Session& session) {
  if (!result) session.metrics().failures(result.error().kind).Add();
  return result;
}

sql::Failure OtherDirection() {
  return {.kind = sql::FailureKind::kInvalidStatement, .message = "a COPY in the other direction"};
}

// What both directions share: a segment that stays open until the copying ends.
class Copying : protected Request {
 public:
  explicit Copying(Lease lease) : lease_(std::move(lease)), loop_(lease_->loop()) {}

  sql::Result<void> Start(const sql::Statement& copy) {
    if (!lease_->connection().MaySend()) {
      return Counted(sql::Fail(sql::FailureKind::kUnavailable, "not connected to PostgreSQL"), *lease_);
    }
    SegmentWriter& writer = lease_->writer();
    writer.Clear();
    // How long it takes is for the other side of the copying to say.
    writer.Once("select pg_catalog.set_config('statement_timeout', '0', true)");
    first_question_ = writer.questions().size();
    writer.Parse("", copy.text(), {});
    writer.Bind({.portal = {}, .statement = {}, .parameters = {}, .result_formats = {}});
    writer.ExecuteCopy();
    writer.Flush();
    segment_ = lease_->connection().Send(writer, this, Connection::Haste::kPatient);
    is_open_ = true;
    return {};
  }

 protected:
  ~Copying() = default;

  struct Wake {
    Copying& copying;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> awaiter) { copying.awaiter_ = awaiter; }
    void await_resume() const {}
    ~Wake() { copying.awaiter_ = nullptr; }
  };
  void Notify() {
    if (awaiter_) std::exchange(awaiter_, nullptr).resume();
  }

  // The first one is given, and counted.
  void Fail(sql::Failure failure) {
    if (failure_) return;
    lease_->metrics().failures(failure.kind).Add();
    failure_ = std::move(failure);
  }

  void SendSync() {
    if (!std::exchange(is_open_, false)) return;
    SegmentWriter& writer = lease_->writer();
    writer.Clear();
    writer.Sync();
    lease_->connection().SendMore(writer);
  }

  void OnFailure(std::size_t, ServerMessage message, bool) override {
    Fail(std::move(message.failure));
    SendSync();
  }
  void OnEnd(const SegmentEnd& end) override {
    has_ended_ = true;
    if (!end.status) {
      Fail({.kind = sql::FailureKind::kUnavailable,
            .effect = is_finishing_ ? sql::Effect::kUnknown : sql::Effect::kNone,
            .message = "PostgreSQL: " + end.why});
    }
    lease_.Return();
    Notify();
  }

  Lease lease_;
  net::Loop& loop_;
  std::size_t first_question_ = 0;  // of the COPY
  std::uint64_t segment_ = 0;
  bool is_open_ = false;    // the segment has no Sync yet
  bool has_begun_ = false;  // the server has said so
  bool has_ended_ = false;
  bool is_finishing_ = false;
  std::optional<sql::Failure> failure_;
  std::coroutine_handle<> awaiter_;
};

class PostgresCopyIn final : public CopyIn, public Copying {
 public:
  using Copying::Copying;
  ~PostgresCopyIn() override {
    if (!lease_ || has_ended_) return;
    lease_->connection().Forget(segment_);
    End("given up");
    lease_.Return();
  }

  Task<sql::Result<void>> Begun() {
    while (!has_begun_ && !has_ended_) co_await Wake{*this};
    if (failure_) co_return std::unexpected(*failure_);
    co_return sql::Result<void>();
  }

  Task<sql::Result<void>> Write(std::string data) override {
    std::string_view rest = data;
    while (!rest.empty() && !failure_ && !has_ended_) {
      if (lease_->connection().queued_bytes() > kQueuedMax) {
        if (lease_->connection().is_blocked()) {
          co_await Wake{*this};
        } else {
          co_await net::NextTurn(loop_);
        }
        continue;
      }
      SegmentWriter& writer = lease_->writer();
      writer.Clear();
      AppendCopyData(writer.unasked(), rest.substr(0, kMessageBytesMax));
      rest.remove_prefix(std::min(rest.size(), kMessageBytesMax));
      lease_->connection().SendMore(writer);
    }
    if (failure_) co_return std::unexpected(*failure_);
    co_return sql::Result<void>();
  }

  Task<sql::Result<std::uint64_t>> Finish() override {
    if (!has_ended_ && !failure_) {
      is_finishing_ = true;
      SegmentWriter& writer = lease_->writer();
      writer.Clear();
      AppendCopyDone(writer.unasked());
      writer.Sync();
      is_open_ = false;
      lease_->connection().SendMore(writer);
    }
    while (!has_ended_) co_await Wake{*this};
    if (failure_) co_return std::unexpected(*failure_);
    co_return rows_;
  }

 private:
  void End(std::string_view why) {
    if (!is_open_ || lease_->connection().closed()) return;
    is_open_ = false;
    SegmentWriter& writer = lease_->writer();
    writer.Clear();
    AppendCopyFail(writer.unasked(), why);
    writer.Sync();
    lease_->connection().SendMore(writer);
  }

  void OnAnswer(std::size_t question, const Message& message) override {
    if (question < first_question_) return;
    if (message.type == 'G') {
      has_begun_ = true;
      return Notify();
    }
    if (message.type == 'H') {
      Fail(OtherDirection());
      lease_->connection().Cancel(segment_);
    }
    if (message.type != 'C') return;
    if (!has_begun_) Fail({.kind = sql::FailureKind::kInvalidStatement, .message = "no COPY FROM STDIN"});
    if (const auto tag = ParseCommandComplete(message.body)) rows_ = tag->rows;
    SendSync();
  }
  void OnWritable() override { Notify(); }

  std::uint64_t rows_ = 0;
};

class PostgresCopyOut final : public CopyOut, public Copying {
 public:
  using Copying::Copying;
  ~PostgresCopyOut() override {
    if (!lease_ || has_ended_) return;
    Connection& connection = lease_->connection();
    connection.Forget(segment_);
    connection.Cancel(segment_);
    SendSync();
    connection.ResumeReading();
    lease_.Return();
  }

  Task<sql::Result<void>> Begun() {
    while (!has_begun_ && !has_ended_) co_await Wake{*this};
    if (failure_) co_return std::unexpected(*failure_);
    co_return sql::Result<void>();
  }

  Task<sql::Result<std::optional<std::string>>> Next() override {
    while (!failure_ && !has_ended_ && data_.size() < kPieceBytes) {
      lease_->connection().ResumeReading();
      co_await Wake{*this};
    }
    if (failure_) co_return std::unexpected(*failure_);
    if (data_.empty()) co_return std::nullopt;
    co_return std::exchange(data_, {});
  }

 private:
  void OnAnswer(std::size_t question, const Message& message) override {
    if (question < first_question_) return;
    switch (message.type) {
      case 'H':
        has_begun_ = true;
        Notify();
        break;
      case 'G': RefuseData(); break;
      case 'd': TakeData(message); break;
      case 'C':
        if (!has_begun_) Fail({.kind = sql::FailureKind::kInvalidStatement, .message = "no COPY TO STDOUT"});
        SendSync();
        break;
      default: break;
    }
  }

  void RefuseData() {
    Fail(OtherDirection());
    is_open_ = false;
    SegmentWriter& writer = lease_->writer();
    writer.Clear();
    AppendCopyFail(writer.unasked(), failure_->message);
    writer.Sync();
    lease_->connection().SendMore(writer);
  }

  void TakeData(const Message& message) {
    if (message.skipped_bytes > 0 && !failure_) {
      Fail({.kind = sql::FailureKind::kLimitExceeded,
            .message = "a row of " + std::to_string(message.skipped_bytes) + " bytes"});
      lease_->connection().Cancel(segment_);
    }
    if (failure_) return;
    data_ += message.body;
    if (data_.size() < kPieceBytes) return;
    lease_->connection().PauseReading();
    Notify();
  }

  std::string data_;
};

}  // namespace

Task<sql::Result<std::unique_ptr<CopyIn>>> OpenCopyIn(Lease lease, sql::Statement copy) {
  TM_CO_TRY(Counted(CheckCopy(copy), *lease));
  auto copying = std::make_unique<PostgresCopyIn>(std::move(lease));
  TM_CO_TRY(copying->Start(copy));
  TM_CO_TRY(co_await copying->Begun());
  co_return copying;
}

Task<sql::Result<std::unique_ptr<CopyOut>>> OpenCopyOut(Lease lease, sql::Statement copy) {
  TM_CO_TRY(Counted(CheckCopy(copy), *lease));
  auto copying = std::make_unique<PostgresCopyOut>(std::move(lease));
  TM_CO_TRY(copying->Start(copy));
  TM_CO_TRY(co_await copying->Begun());
  co_return copying;
}

}  // namespace tidemill::postgres
