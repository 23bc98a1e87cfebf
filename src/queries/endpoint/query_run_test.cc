#include "queries/endpoint/query_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "queries/answer/testing/given_rows.h"
#include "queries/values/testing/described.h"
#include "sql/testing/scripted_database.h"

namespace tidemill::queries {
namespace {

using testing::TypeOf;

const std::vector<std::pair<std::string, testing::TypePtr>> kColumns = {{"id", TypeOf("int4")},
                                                                        {"name", TypeOf("text")}};
constexpr std::size_t kManyRows = 50'000;  // which take some 20 shares of a turn, or more

std::shared_ptr<const ServedEndpoint> ServedOf(std::string text) {
  auto catalog = std::make_shared<Catalog>();
  catalog->endpoints.push_back(testing::MakeEndpoint("a.post.sql", std::move(text), {.columns = kColumns}));
  const Serving serving = MakeServing(catalog, {.dialect = sql::Dialect::kPostgres}, nullptr);
  EXPECT_EQ(serving.endpoints.size(), 1u);
  return serving.endpoints.front();
}

class QueryRunTest : public ::testing::Test {
 protected:
  QueryRunTest() { GiveRows(kManyRows); }
  void GiveRows(std::size_t count) {
    database_.rows = testing::RowsOf(testing::ColumnsOf(kColumns),
                                     std::vector<testing::GivenRow>(count, {"1", std::string(50, 'x')}));
  }
  void Begin(TypedRequest request) {
    const auto served = ServedOf("insert into a values (1) returning id, name");
    scope_.Spawn(net::testing::Keep(RunQuery(*loop_, database_,
                                             {.served = served,
                                              .request = std::move(request),
                                              .settings = nullptr,
                                              .deadline = loop_->clock().Now() + Seconds(60),
                                              .pool_wait = Seconds(1),
                                              .query_string = "",
                                              .asker = {}}),
                                    answer_));
  }
  // How many turns it takes until there is an answer.
  int Turns() {
    int turns = 0;
    for (; !answer_ && turns < 1'000'000; ++turns) loop_->RunOnce({});
    return turns;
  }
  std::size_t RowsGiven() const {
    return static_cast<std::size_t>(std::ranges::count(answer_->response.body, '{'));
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  sql::testing::ScriptedDatabase database_;
  std::optional<QueryAnswer> answer_;
  TaskScope scope_;
};

TEST_F(QueryRunTest, ALargeAnswerOfABulkIsMadeInSharesOfTurns) {
  Begin({.inputs = {{}, {}}, .bulk = true});
  EXPECT_GT(Turns(), 10);
  EXPECT_EQ(RowsGiven(), 2 * kManyRows);
}

TEST_F(QueryRunTest, WhatSqliteWritesIsMadeAnAnswerHereAndNotByItsWriter) {
  database_.speaks = sql::Dialect::kSqlite;
  Begin({.inputs = {{}}});
  EXPECT_GT(Turns(), 10);
  EXPECT_EQ(RowsGiven(), kManyRows);
}

TEST_F(QueryRunTest, ATransactionIsOverBeforeItsLargeAnswerIsMade) {
  TypedRequest request{.inputs = {{}}};
  request.preferences.max_affected = 10;
  Begin(std::move(request));
  EXPECT_FALSE(answer_);
  ASSERT_EQ(database_.log.size(), 3u);
  EXPECT_EQ(database_.log[2], "commit");
  EXPECT_GT(Turns(), 10);
  EXPECT_EQ(RowsGiven(), kManyRows);
  EXPECT_EQ(answer_->fate, Fate::kDone);
}

TEST_F(QueryRunTest, WhatIsRefusedAfterwardsIsRolledBack) {
  GiveRows(2);
  Begin({.inputs = {{}}, .format = Format::kObject});
  Turns();
  EXPECT_EQ(answer_->response.status, 406);
  EXPECT_EQ(answer_->fate, Fate::kUndone);
  EXPECT_EQ(std::ranges::count(database_.log, "commit"), 0);
  EXPECT_EQ(std::ranges::count(database_.log, "rollback"), 1);
}

}  // namespace
}  // namespace tidemill::queries
