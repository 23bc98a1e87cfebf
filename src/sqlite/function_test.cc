#include "sqlite/function.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/testing/temporary_folder.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "sqlite/database.h"
#include "sqlite/metrics.h"
#include "sqlite/store.h"

namespace tidemill::sqlite {
namespace {

// note(text): inserts it, and gives the number of its row.
class FunctionTest : public ::testing::Test {
 protected:
  FunctionTest() {
    const auto note = std::make_shared<const Function>(
        Function{.name = "note",
                 .arguments_min = 1,
                 .arguments_max = 2,
                 .call = [](FunctionArguments arguments) -> Result<FunctionRun> {
                   if (!arguments[0]) return Fail(Errc::kInvalidArgument, "note wants a text");
                   return FunctionRun{.statement = sql::Statement("insert into notes (body) values (?1)"),
                                      .parameters = {*arguments[0]},
                                      .result = arguments.size() > 1 ? *arguments[1] : ""};
                 },
                 .committed = [this] { ++committed_; }});
    store_ = *Store::Open({.path = folder_.path() + "/f.db"}, metrics_, {.functions = {note}});
    database_.emplace(*loop_, *store_);
    EXPECT_TRUE(Run("create table notes (id integer primary key, body text check (body <> 'bad'))"));
  }
  ~FunctionTest() override {
    database_.reset();
    store_.reset();
  }

  sql::Result<sql::RunResult> Run(std::string text, sql::Access access = sql::Access::kWrite) {
    return net::testing::RunTask(
        *loop_, database_->Run({.statement = sql::Statement(std::move(text)), .access = access}));
  }
  std::string Must(std::string text, sql::Access access = sql::Access::kWrite) {
    const auto done = Run(text, access);
    EXPECT_TRUE(done) << text << ": " << done.error().message;
    return done && !done->rows.empty() ? std::string(done->rows[0][0].text) : "";
  }
  std::string Count() { return Must("select count(*) from notes", sql::Access::kRead); }

  const tidemill::testing::TemporaryFolder folder_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  std::atomic<int> committed_{0};
  std::unique_ptr<Store> store_;
  std::optional<Database> database_;
};

TEST_F(FunctionTest, RunsItsStatementInTheCallersTransaction) {
  EXPECT_EQ(Must("select note('a')"), "1");
  EXPECT_EQ(Must("select note('b', 'given')"), "given");
  EXPECT_EQ(Must("select sum(note(value)) from json_each('[\"c\", \"d\", \"e\"]')"), "12");
  EXPECT_EQ(Count(), "5");
  EXPECT_EQ(committed_, 3);
}

TEST_F(FunctionTest, WhatIsUndoneLeavesNothing) {
  EXPECT_FALSE(Run("select note('a'), note('bad')"));
  EXPECT_EQ(Count(), "0");
  const auto transaction = net::testing::RunTask(*loop_, database_->Begin({}));
  ASSERT_TRUE(transaction);
  EXPECT_TRUE(
      net::testing::RunTask(*loop_, (*transaction)->Run({.statement = sql::Statement("select note('a')")})));
  net::testing::RunTask(*loop_, [](sql::Transaction& t) -> Task<bool> {
    co_await t.Rollback();
    co_return true;
  }(**transaction));
  EXPECT_EQ(Count(), "0");
}

TEST_F(FunctionTest, SaysWhatIsWrong) {
  auto refused = Run("select note(null)");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, sql::FailureKind::kRaised);
  EXPECT_EQ(refused.error().message, "note wants a text");
  refused = Run("select note('bad')");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("CHECK constraint failed"), std::string::npos);
}

TEST_F(FunctionTest, WhatCallsItWrites) {
  const auto description =
      net::testing::RunTask(*loop_, database_->Describe(sql::Statement("select note('a')")));
  ASSERT_TRUE(description);
  EXPECT_EQ(description->access, sql::Access::kWrite);
  const auto refused = Run("select note('a')", sql::Access::kRead);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, sql::FailureKind::kReadOnly);
  EXPECT_EQ(Count(), "0");
}

TEST_F(FunctionTest, TheFileMayNotCallIt) {
  Must("create view v as select note('a')");
  EXPECT_FALSE(Run("select * from v"));
  EXPECT_EQ(Count(), "0");
}

}  // namespace
}  // namespace tidemill::sqlite
