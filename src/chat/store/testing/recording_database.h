// RecordingDatabase: a real database that writes down what it is asked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sql/database.h"

namespace tidemill::chat::testing {

class RecordingDatabase final : public sql::Database {
 public:
  explicit RecordingDatabase(sql::Database& real) : real_(real) {}

  std::vector<sql::Call> calls;

  sql::Dialect dialect() const override { return real_.dialect(); }
  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override {
    calls.push_back(call);
    return real_.Run(std::move(call));
  }
  Task<sql::Result<sql::Summary>> RunInto(sql::Call call, std::shared_ptr<sql::RowSink> sink) override {
    calls.push_back(call);
    return real_.RunInto(std::move(call), std::move(sink));
  }
  Task<sql::Result<std::vector<sql::RunResult>>> RunAll(std::vector<sql::Call> all) override {
    calls.insert(calls.end(), all.begin(), all.end());
    return real_.RunAll(std::move(all));
  }
  Task<sql::Result<std::unique_ptr<sql::RowStream>>> Stream(sql::Call call) override {
    calls.push_back(call);
    return real_.Stream(std::move(call));
  }
  Task<sql::Result<std::unique_ptr<sql::Transaction>>> Begin(sql::TransactionOptions options) override;
  Task<sql::Result<sql::Description>> Describe(sql::Statement statement) override {
    return real_.Describe(std::move(statement));
  }
  std::optional<MonotonicTime> down_since() const override { return real_.down_since(); }

 private:
  class RecordingTransaction;

  sql::Database& real_;
};

}  // namespace tidemill::chat::testing
