// OpenStore: a store in a folder of its own, for tests; StoreTest: with a loop and a database on it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/testing/patience.h"
#include "base/testing/temporary_folder.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "sqlite/database.h"
#include "sqlite/metrics.h"
#include "sqlite/store.h"

namespace tidemill::sqlite::testing {

// One store and what it needs; ends in the right order.
struct Bench {
  explicit Bench(SqliteSettings settings, std::string vfs = "");
  ~Bench();

  metrics::Registry registry;
  Metrics metrics{registry};
  std::unique_ptr<net::Loop> loop = net::testing::OpenLoop();
  std::unique_ptr<Store> store;
  std::optional<Database> database;
};

// Rows as lines: "1 Ann", "2 ~" where ~ is null.
std::vector<std::string> ToLines(const sql::Rows& rows);

class StoreTest : public ::testing::Test {
 protected:
  using Lines = std::vector<std::string>;

  // Before the first use of the database.
  SqliteSettings& settings() { return settings_; }
  void SetVfs(std::string vfs) { vfs_ = std::move(vfs); }
  const std::string& path() const { return settings_.path; }

  Bench& bench();
  Database& database() { return *bench().database; }
  net::Loop& loop() { return *bench().loop; }
  void Close() { bench_.reset(); }

  template <class T>
  T Await(Task<T> task) {
    return net::testing::RunTask(loop(), std::move(task));
  }
  sql::Result<sql::RunResult> Run(std::string text, sql::Parameters parameters = {},
                                  sql::Access access = sql::Access::kWrite);
  sql::Result<sql::RunResult> Read(std::string text, sql::Parameters parameters = {}) {
    return Run(std::move(text), std::move(parameters), sql::Access::kRead);
  }
  // Of what must succeed, or fail.
  Lines Must(std::string text, sql::Parameters parameters = {});
  sql::Failure FailureOf(std::string text, sql::Parameters parameters = {});
  std::int64_t Count(const std::string& table);
  double Metric(std::string_view line) const;

 private:
  tidemill::testing::TemporaryFolder folder_;
  // No limit in time that a busy machine could come near; a test of one sets it.
  SqliteSettings settings_{.path = folder_.path() + "/tidemill.db",
                           .busy_timeout = tidemill::testing::kPatience,
                           .statement_timeout = tidemill::testing::kPatience,
                           .transaction_timeout = tidemill::testing::kPatience,
                           .transaction_idle_timeout = tidemill::testing::kPatience};
  std::string vfs_;
  std::unique_ptr<Bench> bench_;
};

// Whether `pragma integrity_check` says ok, by a connection that changes nothing.
std::string IntegrityOf(const std::string& path);

}  // namespace tidemill::sqlite::testing
