#include "sql/testing/scripted_database.h"

namespace tidemill::sql::testing {

class ScriptedDatabase::ScriptedTransaction final : public Transaction {
 public:
  explicit ScriptedTransaction(ScriptedDatabase& database) : database_(database) {}
  ~ScriptedTransaction() override { database_.log.emplace_back("end"); }

  Task<Result<RunResult>> Run(Call call) override { co_return co_await database_.Run(std::move(call)); }
  Task<Result<void>> Commit() override {
    database_.log.emplace_back("commit");
    co_return database_.Next("commit");
  }
  Task<void> Rollback() override {
    database_.log.emplace_back("rollback");
    co_return;
  }

 private:
  ScriptedDatabase& database_;
};

Result<void> ScriptedDatabase::Next(const std::string& what) {
  auto& queue = failures[what];
  if (queue.empty()) return {};
  const std::optional<Failure> failure = std::move(queue.front());
  queue.pop_front();
  if (failure) return std::unexpected(*failure);
  return {};
}

Task<Result<RunResult>> ScriptedDatabase::Run(Call call) {
  log.push_back("run " + call.statement.text());
  TM_CO_TRY(Next("run"));
  co_return RunResult{.rows = rows};
}

Task<Result<Summary>> ScriptedDatabase::RunInto(Call call, std::shared_ptr<RowSink> /*sink*/) {
  TM_CO_TRY(co_await Run(std::move(call)));
  co_return Summary{};
}

Task<Result<std::vector<RunResult>>> ScriptedDatabase::RunAll(std::vector<Call> calls) {
  std::vector<RunResult> results;
  for (Call& call : calls) {
    TM_CO_TRY_ASSIGN(RunResult result, co_await Run(std::move(call)));
    results.push_back(std::move(result));
  }
  co_return results;
}

Task<Result<std::unique_ptr<RowStream>>> ScriptedDatabase::Stream(Call /*call*/) {
  co_return Fail(FailureKind::kInternal, "a scripted database has no streams");
}

Task<Result<std::unique_ptr<Transaction>>> ScriptedDatabase::Begin(TransactionOptions options) {
  log.emplace_back("begin");
  begun.push_back(options);
  TM_CO_TRY(Next("begin"));
  co_return std::make_unique<ScriptedTransaction>(*this);
}

Task<Result<Description>> ScriptedDatabase::Describe(Statement /*statement*/) { co_return Description{}; }

}  // namespace tidemill::sql::testing
