// ScriptedDatabase: a Database that fails where a test says, for what stands on transactions. It knows no
// SQL: a statement's text is only written down.
//
//   database.failures["commit"].push_back(serialization);   // the first commit; then it succeeds
//   database.log;   // {"begin", "run insert …", "commit", "begin", …}
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sql/database.h"

namespace tidemill::sql::testing {

class ScriptedDatabase final : public Database {
 public:
  // By "begin", "run" and "commit": what its next calls give, nullopt for success. After the last: success.
  std::map<std::string, std::deque<std::optional<Failure>>> failures;
  std::vector<std::string> log;  // what was called, also "rollback" and "end" when a transaction is destroyed
  std::vector<TransactionOptions> begun;
  Rows rows;  // what each run gives; a sink gets none of them
  Dialect speaks = Dialect::kPostgres;

  Dialect dialect() const override { return speaks; }
  Task<Result<RunResult>> Run(Call call) override;
  Task<Result<Summary>> RunInto(Call call, std::shared_ptr<RowSink> sink) override;
  Task<Result<std::vector<RunResult>>> RunAll(std::vector<Call> calls) override;
  Task<Result<std::unique_ptr<RowStream>>> Stream(Call call) override;
  Task<Result<std::unique_ptr<Transaction>>> Begin(TransactionOptions options) override;
  Task<Result<Description>> Describe(Statement statement) override;
  std::optional<MonotonicTime> down_since() const override { return std::nullopt; }

 private:
  class ScriptedTransaction;

  Result<void> Next(const std::string& what);
};

}  // namespace tidemill::sql::testing
