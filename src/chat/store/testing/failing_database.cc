#include "chat/store/testing/failing_database.h"

namespace tidemill::chat::testing {
namespace {

using Fault = FailingDatabase::Fault;

std::unexpected<sql::Failure> FailureOf(Fault fault) {
  if (fault == Fault::kSerialization)
    return sql::Fail(sql::FailureKind::kSerialization, "as the test wants it");
  return sql::Fail(sql::FailureKind::kUnavailable, "as the test wants it",
                   fault == Fault::kAnswerLost ? sql::Effect::kUnknown : sql::Effect::kNone);
}

}  // namespace

class FailingDatabase::FailingTransaction final : public sql::Transaction {
 public:
  FailingTransaction(FailingDatabase& database, std::unique_ptr<sql::Transaction> real)
      : database_(database), real_(std::move(real)) {}

  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override {
    if (const auto fault = database_.Next(false)) {
      co_await real_->Rollback();
      co_return FailureOf(*fault);
    }
    co_return co_await real_->Run(std::move(call));
  }
  Task<sql::Result<void>> Commit() override {
    const auto fault = database_.Next(true);
    if (fault == Fault::kAnswerLost) {
      TM_CO_TRY(co_await real_->Commit());
    } else if (fault) {
      co_await real_->Rollback();
    } else {
      co_return co_await real_->Commit();
    }
    co_return FailureOf(*fault);
  }
  Task<void> Rollback() override { return real_->Rollback(); }

 private:
  FailingDatabase& database_;
  const std::unique_ptr<sql::Transaction> real_;
};

std::optional<Fault> FailingDatabase::Next(bool is_commit) {
  if (!left_) return std::nullopt;
  if (fault_ == Fault::kAnswerLost && !is_commit) return std::nullopt;
  if (*left_ > 0) {
    --*left_;
    return std::nullopt;
  }
  left_.reset();
  ++failed_;
  return fault_;
}

Task<sql::Result<std::unique_ptr<sql::Transaction>>> FailingDatabase::Begin(sql::TransactionOptions options) {
  auto begun = co_await real_.Begin(options);
  if (!begun) co_return begun;
  co_return std::make_unique<FailingTransaction>(*this, *std::move(begun));
}

}  // namespace tidemill::chat::testing
