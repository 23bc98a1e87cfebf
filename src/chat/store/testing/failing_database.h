// FailingDatabase: a real database whose transactions fail where a test says.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sql/database.h"

namespace tidemill::chat::testing {

class FailingDatabase final : public sql::Database {
 public:
  explicit FailingDatabase(sql::Database& real) : real_(real) {}

  enum class Fault : std::uint8_t {
    kSerialization,  // as if another transaction had been in the way: it may be
                     // tried again
    kUnavailable,    // the connection is lost
    kAnswerLost,     // of the commit alone: it has happened
  };
  // The n-th step of transactions from now on (a statement or a commit), from
  // 0. Once.
  void FailAt(std::size_t step, Fault fault) {
    left_ = step;
    fault_ = fault;
  }
  void Heal() { left_.reset(); }
  // Of all since the beginning.
  std::size_t failed() const { return failed_; }

  sql::Dialect dialect() const override { return real_.dialect(); }
  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override { return real_.Run(std::move(call)); }
  Task<sql::Result<sql::Summary>> RunInto(sql::Call call, std::shared_ptr<sql::RowSink> sink) override {
    return real_.RunInto(std::move(call), std::move(sink));
  }
  Task<sql::Result<std::vector<sql::RunResult>>> RunAll(std::vector<sql::Call> calls) override {
    return real_.RunAll(std::move(calls));
  }
  Task<sql::Result<std::unique_ptr<sql::RowStream>>> Stream(sql::Call call) override {
    return real_.Stream(std::move(call));
  }
  Task<sql::Result<std::unique_ptr<sql::Transaction>>> Begin(sql::TransactionOptions options) override;
  Task<sql::Result<sql::Description>> Describe(sql::Statement statement) override {
    return real_.Describe(std::move(statement));
  }
  std::optional<MonotonicTime> down_since() const override { return real_.down_since(); }

 private:
  class FailingTransaction;
  // The fault of this step.
  std::optional<Fault> Next(bool is_commit);

  sql::Database& real_;
  std::optional<std::size_t> left_;
  Fault fault_ = Fault::kSerialization;
  std::size_t failed_ = 0;
};

}  // namespace tidemill::chat::testing
