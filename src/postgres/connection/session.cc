#include "postgres/connection/session.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "net/sleep.h"
#include "postgres/connection/batch.h"
#include "postgres/connection/exchange.h"
#include "postgres/types/built_in_types.h"

namespace tidemill::postgres {
namespace {

const sql::Statement& WhoAreYou() {
  static const sql::Statement statement("select pg_catalog.pg_backend_pid()", {.reuse = sql::Reuse::kOnce});
  return statement;
}

// What is left over, the rollback, and what a cancelling on its way may hit.
constexpr int kCleaningsMax = 4;

// $1 to $3 are timeouts in ms.
const sql::Statement& Settings() {
  static const sql::Statement statement(
      "select pg_catalog.set_config('DateStyle', 'ISO, MDY', false),"
      " pg_catalog.set_config('TimeZone', 'UTC', false),"
      " pg_catalog.set_config('IntervalStyle', 'postgres', false),"
      " pg_catalog.set_config('bytea_output', 'hex', false),"
      " pg_catalog.set_config('extra_float_digits', '1', false),"
      " pg_catalog.set_config('client_encoding', 'UTF8', false),"
      " pg_catalog.set_config('statement_timeout', $1, false),"
      " pg_catalog.set_config('lock_timeout', $2, false),"
      " pg_catalog.set_config('idle_in_transaction_session_timeout', $3, false)",
      {.reuse = sql::Reuse::kOnce});
  return statement;
}

}  // namespace

Session::Session(net::Loop& loop, SessionShared shared, SessionOptions options, OpenedSession opened)
    : loop_(loop),
      shared_(shared),
      options_(std::move(options)),
      connection_(std::make_unique<Connection>(loop, std::move(opened), options_.connection, shared.opener,
                                               shared.metrics)),
      prepared_(options_.prepared_max, shared.metrics.prepared, shared.metrics.evicted) {}

Session::~Session() { loop_.Retire(std::move(connection_)); }

void Session::OnRetire() {
  connection_->SetEvents(nullptr);
  connection_->Close("given up");
}

Task<sql::Result<std::unique_ptr<Session>>> Session::Open(net::Loop& loop, SessionShared shared,
                                                          SessionOptions options) {
  TM_CO_TRY_ASSIGN(OpenedSession opened, co_await shared.opener.Open(loop, Purpose::kQueries));
  if (opened.stream->closed()) {
    co_return sql::Fail(sql::FailureKind::kUnavailable, opened.address + ": closed by the server");
  }
  const std::string address = opened.address;
  std::unique_ptr<Session> session(new Session(loop, shared, std::move(options), std::move(opened)));
  if (auto ready = co_await session->SetUp(); !ready) {
    sql::Failure failure = std::move(ready).error();
    failure.message = address + ": " + failure.message;
    loop.Retire(std::move(session));
    co_return std::unexpected(std::move(failure));
  }
  co_return session;
}

Task<sql::Result<void>> Session::SetUp() {
  const auto deadline = loop_.clock().Now() + options_.connection.io_timeout;
  const Ask ask{.calls = {{.statement = WhoAreYou()}}, .deadline = deadline};
  TM_CO_TRY_ASSIGN(const Answers who, co_await Execute(ask));
  TM_CO_TRY_ASSIGN(const std::int64_t process, who[0].rows[0][0].AsInteger());
  pooled_ = process != connection_->opened().key.process_id;
  if (!pooled_) {
    const auto ms = [](Duration duration) { return std::to_string(duration.ms); };
    const Ask settings{
        .calls = {{.statement = Settings(),
                   .parameters = {ms(options_.connection.statement_timeout), ms(options_.lock_timeout),
                                  ms(options_.transaction_idle_max)}}},
        .deadline = deadline};
    TM_CO_TRY(co_await Execute(settings));
    connection_->HoldSettings();
  }
  if (!connection_->parameter("DateStyle").starts_with("ISO") ||
      connection_->parameter("client_encoding") != "UTF8") {
    co_return sql::Fail(sql::FailureKind::kUnavailable,
                        "the session has not DateStyle ISO and client_encoding UTF8");
  }
  co_return sql::Result<void>();
}

Task<sql::Result<Answers>> Session::Execute(const Ask& ask) {
  const std::int64_t begun_us = MonotonicMicros();
  sql::Result<Answers> answers;
  auto names = Batch::Names::kPrepared;
  for (int repeats = 0;; ++repeats) {
    Batch batch(*this, ask, names);
    auto settled = batch.Send();
    last_run_us_ = -1;
    last_stalled_ = false;
    last_may_move_ = false;
    if (settled) {
      co_await batch;
      last_stalled_ = batch.stalled();
      last_run_us_ = batch.run_us();
      last_may_move_ = batch.MayMove();
      if (last_may_move_) {
        shared_.metrics.moved.Add();
        co_return batch.TakeResult();
      }
      if (batch.MayBeSentAgain(repeats)) {
        shared_.metrics.resent.Add();
        // The next to prepare it may fail as well: as a role that may not see its tables, say.
        if (batch.is_stale()) names = Batch::Names::kUnnamed;
        continue;
      }
      if (const auto missing = batch.MissingTypes(); !missing.empty()) settled = co_await LookUp(missing);
      // Its own answer may be of either kind. What the lookup fails with is not this call's.
      if (auto old = batch.OldTypes(); settled && !old.empty()) (void)co_await LookUp(std::move(old));
    }
    if (settled) {
      answers = batch.TakeResult();
    } else {
      answers = std::unexpected(std::move(settled).error());
    }
    break;
  }
  const std::int64_t ended_us = answers ? connection_->heard_us() : MonotonicMicros();
  shared_.metrics.seconds.Observe(static_cast<double>(ended_us - begun_us) / 1e6);
  if (answers) {
    shared_.metrics.queries.Add(ask.calls.size());
  } else {
    NoteFailure(ask, answers.error());
  }
  co_return answers;
}

void Session::NoteFailure(const Ask& ask, const sql::Failure& failure) {
  shared_.metrics.failures(failure.kind).Add();
  // A write that we did not forbid: the server is no primary any more.
  if (failure.kind == sql::FailureKind::kReadOnly && !ask.only_reads() && ask.begin.empty() &&
      connection_->parameter("in_hot_standby") != "off") {
    connection_->End("the server became read-only");
  }
}

Task<sql::Result<Described>> Session::Describe(sql::Statement statement,
                                               std::optional<MonotonicTime> deadline) {
  Described described;
  for (int hits = 0;; ++hits) {
    bool was_hit = false;
    auto done = co_await DescribeOnce(statement, deadline, was_hit);
    if (was_hit && hits < kHitsMax) continue;
    TM_CO_TRY_ASSIGN(described, std::move(done));
    break;
  }
  std::vector<std::uint32_t> own;
  const auto note = [&own](std::uint32_t oid) {
    if (!BuiltInType(oid)) own.push_back(oid);
  };
  for (const std::uint32_t oid : described.parameters) note(oid);
  for (const ColumnDescription& column : described.raw) note(column.type_oid);
  if (!own.empty()) TM_CO_TRY(co_await LookUp(std::move(own)));
  (void)described.Resolve(shared_.catalog);
  co_return described;
}

Task<sql::Result<Described>> Session::DescribeOnce(sql::Statement statement,
                                                   std::optional<MonotonicTime> deadline, bool& was_hit) {
  if (!connection_->MaySend()) {
    co_return sql::Fail(sql::FailureKind::kUnavailable, "not connected to PostgreSQL");
  }
  Described described;
  Exchange exchange(*connection_, [&described](const Message& message) {
    if (message.type == 't') {
      if (auto oids = ParseParameterDescription(message.body)) described.parameters = *std::move(oids);
    } else if (message.type == 'T') {
      if (auto raw = ParseRowDescription(message.body)) described.raw = *std::move(raw);
    }
  });
  writer_.Clear();
  writer_.Parse("", statement.text(), statement.parameter_oids());
  writer_.Describe("");
  writer_.Sync();
  exchange.Send(writer_, deadline);
  auto done = co_await exchange;
  was_hit = exchange.was_hit();
  TM_CO_TRY(std::move(done));
  co_return described;
}

Task<bool> Session::Clean() {
  const MonotonicTime deadline = loop_.clock().Now() + options_.connection.io_timeout;
  for (int questions = 0; questions < kCleaningsMax;) {
    if (connection_->closed() || loop_.clock().Now() >= deadline) co_return false;
    const bool is_idle = connection_->status() == TransactionStatus::kIdle;
    if (is_idle && connection_->in_flight() == 0 && !connection_->MayBeHit()) co_return true;
    if (connection_->is_cancelling() && connection_->in_flight() == 0) {
      co_await net::Sleep(loop_, Milliseconds(1));
      continue;
    }
    if (!connection_->MaySend()) co_return false;
    Exchange exchange(*connection_, [](const Message&) {});
    writer_.Clear();
    if (is_idle) {
      writer_.Sync();
    } else {
      writer_.Query("rollback");
    }
    exchange.Send(writer_, deadline);
    if (!co_await exchange) co_return false;
    ++questions;
  }
  co_return false;
}

Task<sql::Result<void>> Session::LookUp(std::vector<std::uint32_t> oids) {
  const std::vector<std::uint32_t> asked = oids;
  TypeCatalog::Lookup lookup;
  for (int repeats = 0; !oids.empty();) {
    const Ask ask{.calls = {{.statement = TypeCatalog::Question(),
                             .parameters = {std::vector<std::int64_t>(oids.begin(), oids.end())}}},
                  .in_transaction = connection_->status() != TransactionStatus::kIdle};
    Batch batch(*this, ask);
    TM_CO_TRY(batch.Send());
    co_await batch;
    if (batch.MayBeSentAgain(repeats)) {
      ++repeats;
      continue;
    }
    TM_CO_TRY_ASSIGN(const Answers done, batch.TakeResult());
    TM_CO_TRY_ASSIGN(oids, lookup.Take(done[0].rows));
  }
  shared_.catalog.Finish(asked, std::move(lookup), loop_.clock().Now());
  co_return sql::Result<void>();
}

}  // namespace tidemill::postgres
