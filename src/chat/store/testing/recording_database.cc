#include "chat/store/testing/recording_database.h"

namespace tidemill::chat::testing {

class RecordingDatabase::RecordingTransaction final : public sql::Transaction {
 public:
  RecordingTransaction(RecordingDatabase& database, std::unique_ptr<sql::Transaction> real)
      : database_(database), real_(std::move(real)) {}

  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override {
    database_.calls.push_back(call);
    return real_->Run(std::move(call));
  }
  Task<sql::Result<void>> Commit() override { return real_->Commit(); }
  Task<void> Rollback() override { return real_->Rollback(); }

 private:
  RecordingDatabase& database_;
  const std::unique_ptr<sql::Transaction> real_;
};

Task<sql::Result<std::unique_ptr<sql::Transaction>>> RecordingDatabase::Begin(
    sql::TransactionOptions options) {
  auto begun = co_await real_.Begin(options);
  if (!begun) co_return begun;
  co_return std::make_unique<RecordingTransaction>(*this, *std::move(begun));
}

}  // namespace tidemill::chat::testing
