#include "postgres/connection/batch.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "postgres/connection/session.h"

namespace tidemill::postgres {
namespace {

// A cancelled statement's end is awaited for so long beyond its deadline: it says whether it has happened.
constexpr Duration kGrace = Milliseconds(300);
// What is over its limit is cancelled when so much more has come.
constexpr std::uint64_t kDroppedBytesMax = 1u << 20;
constexpr const char* kReadOnlyName = "ro";
constexpr const char* kReadOnlyText = "set transaction_read_only = on";
// With its end the transaction may write as before.
constexpr const char* kBeginReadOnly[] = {"savepoint tidemill_read", "set local transaction_read_only = on"};
constexpr const char* kEndReadOnly = "release savepoint tidemill_read";

SegmentWriter RunReadOnly() {
  SegmentWriter writer;
  writer.Bind({.portal = {}, .statement = kReadOnlyName, .parameters = {}, .result_formats = {}});
  writer.Execute();
  return writer;
}

RowLimits LimitsOf(const sql::Call& call, const LimitSettings& defaults) {
  constexpr std::uint64_t kBytesMax = 2ull << 30;
  const sql::Limits& asked = call.limits;
  return {
      .rows_max = asked.rows_max == 0 ? defaults.rows_max : asked.rows_max,
      .bytes_max = std::min(kBytesMax, asked.bytes_max == 0 ? defaults.result_bytes_max : asked.bytes_max)};
}

}  // namespace

Batch::Batch(Session& session, const Ask& ask, Names names)
    : session_(session),
      ask_(ask),
      names_(names),
      bytes_together_max_(session.options().limits.result_bytes_max) {
  states_.reserve(ask.calls.size());
  for (const sql::Call& call : ask.calls) {
    const RowLimits limits = LimitsOf(call, session.options().limits);
    sql::RowSink* const sink = &call == &ask.calls.back() ? ask.sink.get() : nullptr;
    states_.emplace_back(RowTaker(sink, limits));
    bytes_together_max_ = std::max(bytes_together_max_, limits.bytes_max);
  }
}

Batch::~Batch() {
  session_.loop().timers().Cancel(*this);
  if (!sent_ || over_) return;
  session_.connection().Forget(segment_);
  if (ask_.only_reads() || ask_.in_transaction) session_.connection().Cancel(segment_);
}

sql::Result<void> Batch::Send() {
  Connection& connection = session_.connection();
  if (connection.closed()) {
    return sql::Fail(sql::FailureKind::kUnavailable, "PostgreSQL: " + connection.end_reason());
  }
  if (!connection.MaySend()) {
    return sql::Fail(sql::FailureKind::kBusy, "too many bytes wait for PostgreSQL");
  }
  SegmentWriter& writer = session_.writer();
  writer.Clear();
  for (const std::string& name : session_.prepared().TakeClosed()) writer.Close(name);
  if (!ask_.begin.empty()) {
    writer.Once(ask_.begin);
  } else if (!ask_.in_transaction && !ask_.calls.empty() && ask_.only_reads()) {
    WriteReadOnly(writer);
  }
  if (ask_.forbids_writes) {
    for (const char* const text : kBeginReadOnly) writer.Once(text);
  }
  for (std::size_t i = 0; i < states_.size(); ++i) Write(writer, states_[i], ask_.calls[i]);
  end_question_ = writer.questions().size();
  if (ask_.forbids_writes) writer.Once(kEndReadOnly);
  writer.Sync();
  segment_ = connection.Send(writer, this);
  sent_ = true;
  if (ReadsAlone()) connection.MarkRead(segment_);
  if (ask_.deadline) {
    connection.AwaitUntil(segment_, *ask_.deadline);
    session_.loop().timers().Schedule(*this, *ask_.deadline);
  }
  return {};
}

// Makes the transaction of this segment one that only reads.
void Batch::WriteReadOnly(SegmentWriter& writer) {
  static const SegmentWriter run_prepared = RunReadOnly();  // most segments begin so
  if (session_.is_pooled()) return writer.Once(kReadOnlyText);
  if (!session_.has_read_only()) {
    writer.Close(kReadOnlyName);
    writer.Parse(kReadOnlyName, kReadOnlyText, {});
    session_.SetHasReadOnly(true);
  }
  writer.Append(run_prepared);
}

void Batch::Write(SegmentWriter& writer, State& state, const sql::Call& call) {
  state.first_question = writer.questions().size();
  const bool may_keep = names_ == Names::kPrepared && call.statement.reuse() == sql::Reuse::kOften;
  if (may_keep && !session_.is_pooled()) {
    state.prepared = session_.prepared().Find(call.statement);
    if (!state.prepared) {
      state.prepared = session_.prepared().Add(call.statement);
      for (const std::string& name : session_.prepared().TakeClosed()) writer.Close(name);
      state.is_parsed = true;
    }
  }
  const std::string_view name = state.prepared ? std::string_view(state.prepared->name) : "";
  if (!state.prepared || state.is_parsed) {
    state.parse_question = writer.questions().size();
    writer.Parse(name, call.statement.text(), call.statement.parameter_oids());
  }
  std::span<const std::uint8_t> formats;
  if (state.prepared && state.prepared->described) {
    // Not in place: rows of others are on their way.
    if (state.prepared->described->version != session_.catalog().version()) {
      auto fresh = std::make_shared<Described>(*state.prepared->described);
      (void)fresh->Resolve(session_.catalog());
      state.prepared->described = std::move(fresh);
    }
    formats = state.prepared->described->formats;
    state.rows.Describe(state.prepared->described,
                        formats.empty() ? RowTaker::Formats::kText : RowTaker::Formats::kBytesBinary);
  } else {
    writer.Describe(name);
  }
  writer.Bind({.portal = {}, .statement = name, .parameters = call.parameters, .result_formats = formats});
  writer.Execute();
}

// Null: what is in front of the calls or behind them.
Batch::State* Batch::StateOf(std::size_t question) {
  if (question >= end_question_) return nullptr;
  while (current_ + 1 < states_.size() && question >= states_[current_ + 1].first_question) ++current_;
  if (states_.empty() || question < states_[current_].first_question) return nullptr;
  return &states_[current_];
}

void Batch::OnAnswer(std::size_t question, const Message& message) {
  State* const state = StateOf(question);
  if (!state) return;
  // It could not be asked again if somebody had seen a part of its rows.
  if (ask_.sink && session_.connection().MayBeHit(segment_)) state->rows.Hold();
  switch (message.type) {
    case '1':
      if (state->prepared) state->prepared->is_confirmed = true;
      break;
    case 't':
    case 'T':
    case 'n': TakeDescription(*state, message); break;
    case 'D': TakeRow(*state, message); break;
    case 'C': TakeTag(*state, message); break;
    case 'I': state->rows.Finish(); break;
    default: break;
  }
}

void Batch::TakeDescription(State& state, const Message& message) {
  if (message.type == 't') {
    state.description = std::make_shared<Described>();
    if (auto parameters = ParseParameterDescription(message.body)) {
      state.description->parameters = *std::move(parameters);
    }
    return;
  }
  if (!state.description) return;
  if (message.type == 'T') {
    auto raw = ParseRowDescription(message.body);
    if (!raw) return session_.connection().End(raw.error().detail);
    state.description->raw = *std::move(raw);
  }
  (void)state.description->Resolve(session_.catalog());
  if (state.prepared) state.prepared->described = state.description;
  state.rows.Describe(std::move(state.description), RowTaker::Formats::kText);
}

void Batch::TakeRow(State& state, const Message& message) {
  if (message.skipped_bytes > 0) {
    if (state.rows.over().empty()) {
      state.rows.SetOver("a row of " + std::to_string(message.skipped_bytes) + " bytes");
    }
  } else {
    const std::uint64_t before = state.rows.held_bytes();
    if (auto taken = state.rows.Take(message.body); !taken) {
      return session_.connection().End(taken.error().detail);
    }
    bytes_together_ += state.rows.held_bytes() - before;
    if (states_.size() > 1 && bytes_together_ > bytes_together_max_ && state.rows.over().empty()) {
      state.rows.SetOver("more than " + std::to_string(bytes_together_max_) + " bytes in all results");
    }
  }
  if (state.rows.dropped_bytes() > kDroppedBytesMax) session_.connection().Cancel(segment_);
}

void Batch::TakeTag(State& state, const Message& message) {
  if (const auto tag = ParseCommandComplete(message.body)) {
    state.rows_affected = tag->rows_affected();
    state.command = tag->command;
  }
  state.rows.Finish();
}

void Batch::OnFailure(std::size_t question, ServerMessage message, bool stray_cancel) {
  const State* const state = StateOf(question);
  stray_cancel_ = stray_cancel;
  if (message.failure.code == "26000") {
    NoteGone(state);
  } else if (message.failure.code == "0A000" && message.routine == "RevalidateCachedQuery" && state &&
             state->prepared) {
    session_.prepared().Remove(*state->prepared, Prepared::AtServer::kClose);
    is_stale_ = true;
  }
  failure_ = std::move(message.failure);
  // What is parsed later than the statement is a value of it: to_tsquery('a b').
  if (failure_->code == "42601" && state && question != state->parse_question) {
    failure_->kind = sql::FailureKind::kInvalidValue;
  }
  // BEGIN READ WRITE on a standby: "cannot set transaction read-write mode during recovery".
  if (!state && failure_->code == "0A000" && ask_.begin.ends_with("read write")) {
    failure_->kind = sql::FailureKind::kReadOnly;
  }
}

// A prepared statement is not there: because its own preparing had failed, or all are gone.
void Batch::NoteGone(const State* state) {
  if (state && (!state->prepared || state->is_parsed)) return;
  is_stale_ = true;
  if (state && !state->prepared->is_confirmed) {
    session_.prepared().Remove(*state->prepared, Prepared::AtServer::kGone);
    return;
  }
  session_.prepared().RemoveAll();
  session_.SetHasReadOnly(false);
}

void Batch::OnEnd(const SegmentEnd& end) {
  if (end.status) run_us_ = session_.connection().last_run_us();
  if (!end.may_move) DropPrepared();
  Judge(end);
  Finish();
}

// A statement whose Parse was not reached, or failed, is not there.
void Batch::DropPrepared() {
  for (const State& state : states_) {
    if (state.is_parsed && !state.prepared->is_confirmed) {
      session_.prepared().Remove(*state.prepared, Prepared::AtServer::kGone);
    }
  }
}

void Batch::Judge(const SegmentEnd& end) {
  if (!end.status) {
    may_move_ = end.may_move && !late_ && ReadsAlone() && IsUntouched();
    failure_ = {.kind = sql::FailureKind::kUnavailable,
                .effect = ask_.only_reads() && ask_.begin.empty() ? sql::Effect::kNone : ask_.loss,
                .message = "PostgreSQL: " + end.why};
    return;
  }
  idle_after_ = *end.status == TransactionStatus::kIdle;
  if (!idle_after_ && !ask_.in_transaction) {
    session_.connection().End("a statement left a transaction open");
  }
  for (const State& state : states_) {
    if (state.rows.over().empty()) continue;
    const bool undone = failure_.has_value();
    failure_ = Overrun(state);
    if (undone) failure_->effect = sql::Effect::kNone;
    return;
  }
  if (!failure_ || failure_->code != "57014" || stray_cancel_) return;
  const std::int64_t timeout_ms = session_.options().connection.statement_timeout.ms;
  if (late_ || (timeout_ms > 0 && run_us_ >= timeout_ms * 900)) failure_->kind = sql::FailureKind::kTimeout;
}

sql::Failure Batch::Overrun(const State& state) const {
  return {.kind = sql::FailureKind::kLimitExceeded,
          .effect = ask_.only_reads() || ask_.in_transaction ? sql::Effect::kNone : sql::Effect::kUnknown,
          .message = "the result is over its limit: " + state.rows.over()};
}

void Batch::OnTimer() {
  Connection& connection = session_.connection();
  if (!std::exchange(late_, true)) {
    connection.Cancel(segment_);
    if (connection.IsRunning(segment_)) {
      session_.loop().timers().Schedule(*this, session_.loop().clock().Now() + kGrace);
      return;
    }
  }
  connection.Forget(segment_);
  failure_ = {.kind = sql::FailureKind::kTimeout,
              .effect = ask_.only_reads() && ask_.begin.empty() ? sql::Effect::kNone : ask_.loss,
              .message = "PostgreSQL did not answer in time"};
  Finish();
}

void Batch::Finish() {
  over_ = true;
  session_.loop().timers().Cancel(*this);
  if (awaiter_) std::exchange(awaiter_, nullptr).resume();
}

bool Batch::MayBeSentAgain(int repeats) const {
  if (!failure_ || !idle_after_ || late_ || ask_.in_transaction) return false;
  const int of_stale = is_stale_ ? 1 : 0;
  return repeats < (stray_cancel_ ? kHitsMax : of_stale) && IsUntouched();
}

// Nobody has seen any of its rows.
bool Batch::IsUntouched() const {
  return !ask_.sink ||
         std::ranges::all_of(states_, [](const State& state) { return state.rows.is_untouched(); });
}

bool Batch::ReadsAlone() const {
  return ask_.only_reads() && ask_.begin.empty() && !ask_.in_transaction && !ask_.calls.empty();
}

void Batch::OnStall() {
  if (!session_.slowness()) return;
  stalled_ = true;
  session_.slowness()->NoteStall(ask_.own_calls());
}

std::vector<std::uint32_t> Batch::MissingTypes() const {
  std::vector<std::uint32_t> missing;
  if (failure_) return missing;
  for (const State& state : states_) {
    if (!state.rows.waits_for_types()) continue;
    const auto more = state.rows.described()->Resolve(session_.catalog());
    missing.insert(missing.end(), more.begin(), more.end());
  }
  return missing;
}

std::vector<std::uint32_t> Batch::OldTypes() const {
  std::vector<std::uint32_t> old;
  if (failure_) return old;
  for (const State& state : states_) {
    if (!state.rows.described() || state.rows.described()->own.empty()) continue;
    const auto more = session_.catalog().TakeOld(state.rows.described()->own, session_.loop().clock().Now());
    old.insert(old.end(), more.begin(), more.end());
  }
  return old;
}

sql::Result<void> Batch::Release() {
  for (State& state : states_) {
    if (!state.rows.waits()) continue;
    if (state.rows.waits_for_types()) (void)state.rows.described()->Resolve(session_.catalog());
    if (auto released = state.rows.Release(); !released) {
      return sql::Fail(sql::FailureKind::kInternal, released.error().detail, ask_.loss);
    }
    if (!state.rows.over().empty()) return std::unexpected(Overrun(state));
  }
  return {};
}

sql::Result<Answers> Batch::TakeResult() {
  if (failure_) return std::unexpected(*std::move(failure_));
  TM_TRY(Release());
  Answers done;
  done.reserve(states_.size());
  for (State& state : states_) {
    done.push_back({.rows = state.rows.TakeRows(),
                    .row_count = state.rows.count(),
                    .rows_affected = state.rows_affected,
                    .command = std::move(state.command)});
  }
  return done;
}

}  // namespace tidemill::postgres
