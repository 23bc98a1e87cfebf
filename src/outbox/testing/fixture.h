// OutboxTest: a loop and an outbox on one of the backends.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "outbox/testing/backend.h"

namespace tidemill::outbox::testing {

class OutboxTest : public ::testing::TestWithParam<Param> {
 protected:
  OutboxTest()
      : loop_(net::testing::OpenLoop()), backend_(GetParam().make(*loop_)), store_(backend_->Open()) {}

  net::Loop& loop() { return *loop_; }
  Backend& backend() { return *backend_; }
  sql::Database& database() { return backend_->database(); }
  Store& store() { return *store_; }

  template <class T>
  T Await(Task<T> task) {
    return net::testing::RunTask(*loop_, std::move(task));
  }
  template <class T>
  T Must(Task<Result<T>> task) {
    auto result = Await(std::move(task));
    EXPECT_TRUE(result) << result.error().detail;
    if constexpr (!std::is_void_v<T>) return result ? *std::move(result) : T{};
  }
  sql::Result<sql::RunResult> Run(std::string text) {
    return Await(database().Run({.statement = sql::Statement(std::move(text))}));
  }
  void Publish(const std::string& channel, const std::string& data, const std::string& key = "") {
    const auto done = Run(backend_->PublishSql(channel, data, key));
    EXPECT_TRUE(done) << done.error().message;
  }
  std::unique_ptr<sql::Transaction> Begin() { return *Await(database().Begin({})); }
  void PublishIn(sql::Transaction& transaction, const std::string& channel, const std::string& data) {
    const auto done =
        Await(transaction.Run({.statement = sql::Statement(backend_->PublishSql(channel, data))}));
    EXPECT_TRUE(done) << done.error().message;
  }
  void RollBack(sql::Transaction& transaction) {
    Await([](sql::Transaction& t) -> Task<bool> {
      co_await t.Rollback();
      co_return true;
    }(transaction));
  }

  // The data of what is waiting.
  std::vector<std::string> Waiting(std::vector<std::string> held = {}, std::size_t count = 1000) {
    std::vector<std::string> data;
    for (const Entry& entry : Must(store().Load(count, std::move(held)))) data.push_back(entry.data);
    return data;
  }

 private:
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Store> store_;
};

}  // namespace tidemill::outbox::testing
