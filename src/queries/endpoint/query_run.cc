#include "queries/endpoint/query_run.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/next_turn.h"
#include "net/until.h"
#include "queries/answer/rows_answer.h"
#include "queries/answer/streamed_answer.h"

namespace tidemill::queries {
namespace {

constexpr int kAttemptsMax = 3;

ErrorAnswer MakeKeyReused() {
  return MakeError(OwnError::kKeyReused, "the Idempotency-Key came before with another request");
}

// Destroyed with the task; what it refers to is in RunQuery's frame.
class Attempt {
 public:
  Attempt(net::Loop& loop, sql::Database& database, const QueryRun& run)
      : loop_(loop),
        database_(database),
        run_(run),
        answer_(std::make_shared<RowsAnswer>(run.served->answer, run.request)) {}
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  Task<sql::Result<QueryAnswer>> Make() {
    std::vector<sql::Call> calls = Calls();
    const bool writes = run_.served->endpoint->access == sql::Access::kWrite;
    if (writes && (run_.write || MayRefuseAfterwards(*run_.served->endpoint, run_.request))) {
      co_return co_await MakeInTransaction(std::move(calls));
    }
    TM_CO_TRY(co_await Ask(std::move(calls)));
    TM_CO_TRY(co_await CountAll());
    QueryAnswer answer{.response = answer_->Finish(ending_), .transaction = transaction_};
    NameTransaction(answer.response);
    co_return answer;
  }

 private:
  std::vector<sql::Call> Calls() const {
    std::vector<sql::Call> calls = run_.served->statements->Calls(run_.request);
    // A page asks for a row more than it has.
    const std::uint64_t page = run_.request.page ? run_.request.page->limit + 1 : 0;
    for (sql::Call& call : calls) {
      call.limits = {.rows_max = std::max(run_.served->rows_max, page),
                     .deadline = run_.deadline,
                     .wait_max = run_.pool_wait};
    }
    if (!calls.empty()) calls.front().settings = run_.settings;
    return calls;
  }

  // What arrives piece by piece becomes an answer as it arrives: from PostgreSQL on the loop, and from SQLite
  // on a reader's thread. What SQLite's writer gives is whole, and the writer has others to serve.
  bool TakesPieces(const sql::Call& call) const {
    return call.access == sql::Access::kRead || database_.dialect() == sql::Dialect::kPostgres;
  }

  // All of them happen or none.
  Task<sql::Result<void>> Ask(std::vector<sql::Call> calls) {
    if (tells_transaction()) calls.push_back(TransactionCall());
    if (calls.size() == 1 && TakesPieces(calls.front())) {
      TM_CO_TRY_ASSIGN(const sql::Summary summary,
                       co_await database_.RunInto(std::move(calls.front()), answer_));
      answer_->EndCall(summary.rows_affected);
      CountRows(summary.rows);
      co_return sql::Result<void>();
    }
    std::vector<sql::RunResult> results;
    if (calls.size() == 1) {
      TM_CO_TRY_ASSIGN(sql::RunResult result, co_await database_.Run(std::move(calls.front())));
      results.push_back(std::move(result));
    } else {
      TM_CO_TRY_ASSIGN(results, co_await database_.RunAll(std::move(calls)));
    }
    if (tells_transaction()) {
      KeepTransaction(results.back());
      results.pop_back();
    }
    co_await Add(results);
    co_return sql::Result<void>();
  }

  bool tells_transaction() const {
    return run_.tells_transaction && run_.served->endpoint->access == sql::Access::kWrite;
  }
  sql::Call TransactionCall() const {
    static const sql::Statement statement(
        "select pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text");
    return {.statement = statement,
            .access = sql::Access::kRead,
            .limits = {.rows_max = 1, .deadline = run_.deadline, .wait_max = run_.pool_wait}};
  }
  // NULL: it has written nothing.
  void KeepTransaction(const sql::RunResult& result) { transaction_ = result.rows[0][0].text; }
  void NameTransaction(http::Response& response) const {
    if (!transaction_.empty()) response.headers.emplace_back(kTransactionHeader, transaction_);
  }

  // `results` outlives the task.
  Task<void> Add(const std::vector<sql::RunResult>& results) {
    RowsAnswer::Position at;
    while (answer_->AddSome(results, at, [this] { return loop_.ShareSpent(); })) {
      co_await net::NextTurn(loop_);
    }
    std::uint64_t rows = 0;
    for (const sql::RunResult& result : results) rows += result.rows.size();
    CountRows(rows);
  }
  void CountRows(std::uint64_t rows) {
    if (run_.served->metrics) run_.served->metrics->rows->Add(rows);
  }

  // An answer that is an error although all statements went well undoes them. Ended before it is answered:
  // a transaction locks its Idempotency-Key, and would refuse the client's next request with it. Ended before
  // the answer is made, too, unless the answer is kept with it: it keeps others from writing.
  Task<sql::Result<QueryAnswer>> MakeInTransaction(std::vector<sql::Call> calls) {
    TM_CO_TRY_ASSIGN(const std::unique_ptr<sql::Transaction> transaction,
                     co_await database_.Begin({.deadline = run_.deadline, .wait_max = run_.pool_wait}));
    if (!run_.write) co_return co_await CommitThenMake(*transaction, std::move(calls));
    auto response = co_await MakeIn(*transaction, std::move(calls));
    if (!response || response->status > 399) {
      co_await transaction->Rollback();
      if (!response) co_return std::unexpected(std::move(response).error());
      co_return QueryAnswer{.response = *std::move(response), .fate = Fate::kUndone};
    }
    TM_CO_TRY(co_await transaction->Commit());
    co_return QueryAnswer{.response = *std::move(response), .transaction = transaction_};
  }

  Task<sql::Result<std::vector<sql::RunResult>>> RunIn(sql::Transaction& transaction,
                                                       std::vector<sql::Call> calls) {
    std::vector<sql::RunResult> results;
    for (sql::Call& call : calls) {
      TM_CO_TRY_ASSIGN(sql::RunResult result, co_await transaction.Run(std::move(call)));
      results.push_back(std::move(result));
    }
    if (tells_transaction()) {
      TM_CO_TRY_ASSIGN(const sql::RunResult told, co_await transaction.Run(TransactionCall()));
      KeepTransaction(told);
    }
    co_return results;
  }

  Task<sql::Result<QueryAnswer>> CommitThenMake(sql::Transaction& transaction, std::vector<sql::Call> calls) {
    auto results = co_await RunIn(transaction, std::move(calls));
    const bool is_undone = !results || answer_->WouldRefuse(*results);
    if (is_undone) {
      co_await transaction.Rollback();
    } else {
      TM_CO_TRY(co_await transaction.Commit());
    }
    if (!results) co_return std::unexpected(std::move(results).error());
    co_await Add(*results);
    QueryAnswer answer{.response = answer_->Finish(ending_), .fate = is_undone ? Fate::kUndone : Fate::kDone};
    if (is_undone) co_return answer;
    answer.transaction = transaction_;
    NameTransaction(answer.response);
    co_return answer;
  }

  // The answer to a write with an Idempotency-Key is kept with it.
  Task<sql::Result<http::Response>> MakeIn(sql::Transaction& transaction, std::vector<sql::Call> calls) {
    TM_CO_TRY_ASSIGN(std::optional<http::Response> known, co_await FindFirst(transaction));
    if (known) co_return *std::move(known);
    TM_CO_TRY_ASSIGN(const auto results, co_await RunIn(transaction, std::move(calls)));
    co_await Add(results);
    http::Response response = answer_->Finish(ending_);
    NameTransaction(response);
    if (response.status <= 399) {
      TM_CO_TRY(co_await run_.idempotency->answers.Keep(transaction, *run_.write, response, run_.now));
    }
    co_return response;
  }

  // What a write with this Idempotency-Key gets that is not the first of it.
  Task<sql::Result<std::optional<http::Response>>> FindFirst(sql::Transaction& transaction) {
    IdempotencyMetrics& metrics = run_.idempotency->metrics;
    TM_CO_TRY_ASSIGN(FirstAnswer first,
                     co_await run_.idempotency->answers.Find(transaction, *run_.write, run_.now));
    switch (first.state) {
      case FirstAnswer::State::kThere: metrics.replayed.Add(); co_return std::move(first.response);
      case FirstAnswer::State::kOther: metrics.other.Add(); co_return ToResponse(MakeKeyReused());
      case FirstAnswer::State::kUnderWay: metrics.under_way.Add(); co_return ToResponse(MakeKeyUnderWay());
      case FirstAnswer::State::kNone: break;
    }
    metrics.first.Add();
    co_return std::nullopt;
  }

  // How many rows all pages have, if the request asks.
  Task<sql::Result<void>> CountAll() {
    ending_.counted = run_.served->statements->CountFor(run_.request);
    if (ending_.counted == Count::kNone) co_return sql::Result<void>();
    if (ending_.counted != Count::kExact) {
      TM_CO_TRY_ASSIGN(ending_.count, co_await CountBy(Count::kPlanned));
      const bool exact = ending_.counted == Count::kEstimated && ending_.count <= kEstimatedExactMax;
      if (!exact) co_return sql::Result<void>();
    }
    TM_CO_TRY_ASSIGN(ending_.count, co_await CountBy(Count::kExact));
    co_return sql::Result<void>();
  }

  Task<sql::Result<std::optional<std::uint64_t>>> CountBy(Count count) {
    sql::Call call = run_.served->statements->CountCall(run_.request, count);
    call.limits.deadline = run_.deadline;
    call.limits.wait_max = run_.pool_wait;
    call.settings = run_.settings;
    TM_CO_TRY_ASSIGN(const sql::RunResult result, co_await database_.Run(std::move(call)));
    if (result.rows.empty()) co_return std::nullopt;
    const sql::Field field = result.rows[0][0];
    if (count == Count::kPlanned) co_return RowsOfPlan(field.text);
    TM_CO_TRY_ASSIGN(const std::int64_t rows, field.AsInteger());
    co_return static_cast<std::uint64_t>(rows);
  }

  net::Loop& loop_;
  sql::Database& database_;
  const QueryRun& run_;
  const std::shared_ptr<RowsAnswer> answer_;
  RowsAnswer::Ending ending_{.query = run_.query_string};
  std::string transaction_;
};

// We have written the record, of the attributes that its type had when the endpoint was described.
bool HasTypeChanged(const sql::Failure& failure) {
  constexpr std::string_view kInvalidText = "22P02";
  return failure.code == kInvalidText && failure.message.contains("record literal");
}

QueryAnswer AnswerFor(const sql::Failure& failure, const QueryRun& run) {
  if (failure.kind == sql::FailureKind::kInvalidStatement || HasTypeChanged(failure)) run.served->NoteStale();
  if (failure.kind == sql::FailureKind::kNotReady && run.idempotency != nullptr) {
    run.idempotency->LogNotReady(failure);
  }
  return {.response = ToResponse(MakeError(failure, run.asker)),
          .fate = failure.effect == sql::Effect::kUnknown ? Fate::kUnknown : Fate::kUndone};
}

struct BegunStream {
  std::unique_ptr<sql::RowStream> stream;
  std::optional<sql::Rows> first;
};

// A stream whose first rows are there.
class HeadedStream final : public sql::RowStream {
 public:
  explicit HeadedStream(BegunStream begun)
      : stream_(std::move(begun.stream)), first_(std::move(begun.first)), ended_(!first_) {}

  const sql::Columns& columns() const override { return stream_->columns(); }
  Task<sql::Result<std::optional<sql::Rows>>> Next() override {
    if (ended_) co_return std::nullopt;
    if (first_) co_return std::exchange(first_, std::nullopt);
    co_return co_await stream_->Next();
  }

 private:
  const std::unique_ptr<sql::RowStream> stream_;
  std::optional<sql::Rows> first_;
  const bool ended_;
};

using Begun = sql::Result<BegunStream>;

Task<Result<Begun>> BeginStream(sql::Database& database, sql::Call call) {
  auto stream = co_await database.Stream(std::move(call));
  if (!stream) co_return Begun(std::unexpected(std::move(stream).error()));
  auto first = co_await (*stream)->Next();
  if (!first) co_return Begun(std::unexpected(std::move(first).error()));
  co_return Begun(BegunStream{.stream = *std::move(stream), .first = *std::move(first)});
}

}  // namespace

ErrorAnswer MakeKeyUnderWay() {
  ErrorAnswer answer =
      MakeError(OwnError::kKeyUnderWay, "a request with this Idempotency-Key is under way; try again");
  answer.retry_after = Seconds(1);
  return answer;
}

Task<QueryAnswer> RunQuery(net::Loop& loop, sql::Database& database, QueryRun run) {
  const bool may_repeat =
      run.served->endpoint->access == sql::Access::kRead || run.served->query().idempotent;
  for (int attempt = 1;; ++attempt) {
    Attempt made(loop, database, run);
    auto answer = co_await made.Make();
    if (answer) co_return *std::move(answer);
    if (!may_repeat || attempt == kAttemptsMax || !sql::MayRetry(answer.error())) {
      co_return AnswerFor(answer.error(), run);
    }
  }
}

bool IsStream(const ServedEndpoint& served, const TypedRequest& request) {
  return IsStreamed(request.format) && served.endpoint->access == sql::Access::kRead &&
         served.endpoint->statements.size() == 1 && !request.bulk &&
         request.preferences.count == Count::kNone && !request.page;
}

Task<http::Response> StreamQuery(net::Loop& loop, sql::Database& database, QueryRun run,
                                 const http::Request& request) {
  std::vector<sql::Call> calls = run.served->statements->Calls(run.request);
  sql::Call call = std::move(calls.front());
  call.settings = run.settings;
  call.limits.deadline = loop.clock().Now() + kStreamMax;
  call.limits.wait_max = run.pool_wait;
  auto begun = co_await net::Until(loop, run.deadline, BeginStream(database, std::move(call)));
  if (!begun) {
    co_return AnswerFor({.kind = sql::FailureKind::kTimeout, .message = begun.error().detail}, run).response;
  }
  if (!*begun) co_return AnswerFor(begun->error(), run).response;
  auto response = co_await StreamAnswer(std::make_unique<HeadedStream>(*std::move(*begun)),
                                        run.request.format, request, loop);
  if (!response) co_return AnswerFor(response.error(), run).response;
  co_return *std::move(response);
}

}  // namespace tidemill::queries
