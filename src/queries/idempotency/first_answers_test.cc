// First answers on both databases. The suite's parameter is an implementation, with an empty database.
#include "queries/idempotency/first_answers.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/async.h"
#include "postgres/database/database.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "queries/idempotency/schema.h"
#include "sql/schema/apply_schema.h"
#include "sql/testing/database_suite.h"
#include "sqlite/testing/own_database.h"

namespace tidemill::queries {
namespace {

using sql::testing::Backend;
using sql::testing::DatabaseParam;
using sql::testing::DatabaseSuite;
using State = FirstAnswer::State;

class SqliteFile final : public Backend {
 public:
  explicit SqliteFile(net::Loop& loop) : own_(loop) {}
  sql::Database& database() override { return own_.database(); }

 private:
  sqlite::testing::OwnDatabase own_;
};

// A database of its own on the server that all tests share.
class PostgresDatabase final : public Backend {
 public:
  explicit PostgresDatabase(net::Loop& loop)
      : name_("idempotency_" + std::to_string(++count_)),
        loop_(loop),
        opener_(postgres::testing::OpenerOf(MakeUrl(name_))),
        database_(postgres::MakeDatabase(loop, *opener_, {}, metrics_)) {
    net::testing::DriveUntil(loop, [this] { return !database_->down_since(); });
  }
  ~PostgresDatabase() override {
    database_.reset();
    net::testing::RunTurns(loop_, 3);
    Server().Run("drop database " + name_ + " with (force)");
  }
  sql::Database& database() override { return *database_; }

 private:
  static postgres::testing::PostgresServer& Server() {
    static postgres::testing::PostgresServer server;
    return server;
  }
  static std::string MakeUrl(const std::string& name) {
    Server().Run("create database " + name);
    return "postgres://postgres@127.0.0.1:" + std::to_string(Server().port()) + "/" + name;
  }

  static inline int count_ = 0;
  const std::string name_;
  net::Loop& loop_;
  metrics::Registry registry_;
  postgres::Metrics metrics_{registry_};
  std::unique_ptr<const postgres::SessionOpener> opener_;
  std::unique_ptr<postgres::Database> database_;
};

WriteIdentity WriteOf(std::string_view key, std::string_view body = "{}") {
  return MakeWriteIdentity({.key = key,
                            .endpoint = "post_orders",
                            .caller = "ann",
                            .target = "/orders",
                            .content_type = "application/json",
                            .body = body});
}

constexpr WallTime kNow{1'700'000'000'000};

// What the endpoint does with a write. Gives its answer's body, or the state in which the key is; "failed:
// …".
Task<std::string> WriteOnce(sql::Database& database, const FirstAnswers& answers, WriteIdentity write,
                            std::string answer, WallTime now) {
  auto transaction = co_await database.Begin({});
  if (!transaction) co_return "failed: " + transaction.error().message;
  auto first = co_await answers.Find(**transaction, write, now);
  if (!first) co_return "failed: " + first.error().message;
  // The key is free before anybody is answered.
  if (first->state != State::kNone) co_await (*transaction)->Rollback();
  switch (first->state) {
    case State::kNone: break;
    case State::kThere: co_return first->response.body + " again";
    case State::kOther: co_return "other";
    case State::kUnderWay: co_return "under way";
  }
  static const sql::Statement insert("insert into orders (note) values ('x')");
  auto written = co_await (*transaction)->Run({.statement = insert});
  if (!written) co_return "failed: " + written.error().message;
  auto kept = co_await answers.Keep(**transaction, write, http::Response::Json(201, answer), now);
  if (!kept) {
    co_await (*transaction)->Rollback();
    co_return "failed: " + kept.error().message;
  }
  auto committed = co_await (*transaction)->Commit();
  if (!committed) co_return "failed: " + committed.error().message;
  co_return answer;
}

class FirstAnswersTest : public DatabaseSuite {
 protected:
  void SetUp() override {
    const std::vector<sql::Schema> schemas = {IdempotencySchema()};
    ASSERT_TRUE(Await(sql::ApplySchemas(loop(), database(), schemas, {})));
    Must("create table orders (id integer primary key generated always as identity, note text)",
         "create table orders (id integer primary key, note text)");
    answers_.emplace(FirstAnswers::Options{.dialect = database().dialect()});
  }
  void Must(std::string_view postgres, std::string_view sqlite) {
    DatabaseSuite::Must(Either(postgres, sqlite));
  }
  std::string Write(std::string_view key, std::string answer, std::string_view body = "{}",
                    WallTime now = kNow) {
    return Await(WriteOnce(database(), *answers_, WriteOf(key, body), std::move(answer), now));
  }
  std::unique_ptr<sql::Transaction> Begin() { return *Await(database().Begin({})); }
  std::int64_t Kept() { return Count(IsSqlite() ? "tidemill_idempotency" : "tidemill.tidemill_idempotency"); }

  std::optional<FirstAnswers> answers_;
};

TEST_P(FirstAnswersTest, ARepeatedWriteHappensOnceAndHasTheFirstAnswer) {
  EXPECT_EQ(Write("k", "one"), "one");
  EXPECT_EQ(Write("k", "two"), "one again");
  EXPECT_EQ(Write("another", "three"), "three");
  EXPECT_EQ(Count("orders"), 2);

  const auto transaction = Begin();
  const auto first = Await(answers_->Find(*transaction, WriteOf("k"), kNow));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->response.status, 201);
  EXPECT_EQ(first->response.headers.front(),
            (std::pair<std::string, std::string>("Content-Type", "application/json")));
  EXPECT_EQ(first->response.headers.back(),
            (std::pair<std::string, std::string>("Idempotent-Replayed", "true")));
}

TEST_P(FirstAnswersTest, AKeyBelongsToOneRequest) {
  EXPECT_EQ(Write("k", "one", R"({"a":1})"), "one");
  EXPECT_EQ(Write("k", "two", R"({"a":2})"), "other");
  EXPECT_EQ(Count("orders"), 1);
}

TEST_P(FirstAnswersTest, AWriteThatFailsMayBeTriedAgain) {
  EXPECT_EQ(Write("k", std::string(FirstAnswers::kBytesMax, 'x')),
            "failed: the answer to a request with an Idempotency-Key has at most 1 MiB");
  EXPECT_EQ(Count("orders"), 0);
  EXPECT_EQ(Kept(), 0);
  EXPECT_EQ(Write("k", "one"), "one");
  EXPECT_EQ(Count("orders"), 1);
}

TEST_P(FirstAnswersTest, AnAnswerIsKeptForADay) {
  EXPECT_EQ(Write("k", "one"), "one");
  EXPECT_EQ(Write("k", "two", "{}", kNow + Hours(23)), "one again");
  EXPECT_EQ(Write("k", "three", "other body", kNow + Hours(25)), "three");
  EXPECT_EQ(Count("orders"), 2);
  EXPECT_EQ(Write("k", "four", "other body", kNow + Hours(26)), "three again");
}

TEST_P(FirstAnswersTest, WhatHasExpiredIsDeletedAFewAtATime) {
  for (int i = 0; i < 5; ++i) Write("old" + std::to_string(i), "x");
  Write("new", "x", "{}", kNow + Hours(2));
  const WallTime later = kNow + Hours(25);
  EXPECT_EQ(*Await(answers_->DeleteExpired(database(), later, 3)), 3u);
  EXPECT_EQ(*Await(answers_->DeleteExpired(database(), later, 3)), 2u);
  EXPECT_EQ(*Await(answers_->DeleteExpired(database(), later, 3)), 0u);
  EXPECT_EQ(Kept(), 1);
}

TEST_P(FirstAnswersTest, ASecondTransactionDoesNotRunBesideTheFirst) {
  if (IsSqlite()) {  // one writer: it begins when the first has ended
    EXPECT_EQ(Write("k", "one"), "one");
    EXPECT_EQ(Write("k", "two"), "one again");
    return;
  }
  auto first = Begin();
  ASSERT_EQ(Await(answers_->Find(*first, WriteOf("k"), kNow))->state, State::kNone);
  EXPECT_EQ(Write("k", "two"), "under way");
  EXPECT_EQ(Write("another", "three"), "three");
  ASSERT_TRUE(Await(answers_->Keep(*first, WriteOf("k"), http::Response::Json(201, "one"), kNow)));
  EXPECT_EQ(Write("k", "two"), "under way");
  ASSERT_TRUE(Await(first->Commit()));
  EXPECT_EQ(Write("k", "two"), "one again");

  // One that is rolled back leaves nothing, and no lock.
  auto lost = Begin();
  ASSERT_EQ(Await(answers_->Find(*lost, WriteOf("l"), kNow))->state, State::kNone);
  lost.reset();
  ASSERT_TRUE(DriveUntil([&] { return Write("l", "four") == "four"; }));
}

TEST_P(FirstAnswersTest, ATableThatIsNotThereYetIsNotTheWritesFault) {
  EXPECT_EQ(Write("k", "one"), "one");
  Must("alter table tidemill.tidemill_idempotency rename to away",
       "alter table tidemill_idempotency rename to away");
  EXPECT_EQ(Write("l", "two"), "failed: the server's own tables are not there yet; try again");
  const auto deleted = Await(answers_->DeleteExpired(database(), kNow, 10));
  ASSERT_FALSE(deleted);
  EXPECT_EQ(deleted.error().kind, sql::FailureKind::kNotReady);
  EXPECT_EQ(Count("orders"), 1);
  {
    const auto transaction = Begin();
    const auto kept =
        Await(answers_->Keep(*transaction, WriteOf("l"), http::Response::Json(201, "two"), kNow));
    ASSERT_FALSE(kept);
    EXPECT_EQ(kept.error().kind, sql::FailureKind::kNotReady);
    EXPECT_TRUE(kept.error().detail.str().contains("tidemill_idempotency")) << kept.error().detail.str();
  }
  Must("alter table tidemill.away rename to tidemill_idempotency",
       "alter table away rename to tidemill_idempotency");
  ASSERT_TRUE(DriveUntil([&] { return Write("l", "three") == "three"; }));
  EXPECT_EQ(Write("k", "four"), "one again");
}

TEST_P(FirstAnswersTest, ATableThatIsNotOursToUseIsNotTheCallersFault) {
  if (IsSqlite()) GTEST_SKIP() << "has no roles";
  DatabaseSuite::Must(
      "do $$ begin create role idempotency_guest; exception when duplicate_object then null; end $$");
  const auto transaction = Begin();
  ASSERT_TRUE(Await(transaction->Run(Of("set local role idempotency_guest"))));
  const auto found = Await(answers_->Find(*transaction, WriteOf("k"), kNow));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, sql::FailureKind::kNotReady);
  EXPECT_EQ(found.error().message, "the server may not use its own tables; try again");
}

Task<void> WriteAndCount(sql::Database& database, const FirstAnswers& answers, int key, int& done,
                         int& wrong) {
  const std::string answer = "answer " + std::to_string(key);
  const std::string got =
      co_await WriteOnce(database, answers, WriteOf("k" + std::to_string(key)), answer, kNow);
  ++done;
  if (got != answer && got != answer + " again" && got != "under way") ++wrong;
}

TEST_P(FirstAnswersTest, OfManyAtOnceOneHappens) {
  constexpr int kKeys = 5;
  constexpr int kTimes = 40;
  int done = 0;
  int wrong = 0;
  TaskScope scope;
  for (int i = 0; i < kKeys * kTimes; ++i) {
    scope.Spawn(WriteAndCount(database(), *answers_, i % kKeys, done, wrong));
  }
  ASSERT_TRUE(DriveUntil([&] { return done == kKeys * kTimes; }));
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(Count("orders"), kKeys);
  EXPECT_EQ(Kept(), kKeys);
}

TEST_P(FirstAnswersTest, IsKeptWhateverRoleTheWriteRanAs) {
  if (IsSqlite()) GTEST_SKIP() << "has no roles";
  DatabaseSuite::Must(
      "do $$ begin create role idempotency_guest; exception when duplicate_object then null; end $$");
  DatabaseSuite::Must("grant insert on orders to idempotency_guest");
  const auto transaction = Begin();
  ASSERT_EQ(Await(answers_->Find(*transaction, WriteOf("k"), kNow))->state, State::kNone);
  ASSERT_TRUE(Await(transaction->Run(Of("set local role idempotency_guest"))));
  ASSERT_TRUE(Await(transaction->Run(Of("insert into orders (note) values ('x')"))));
  ASSERT_TRUE(Await(answers_->Keep(*transaction, WriteOf("k"), http::Response::Json(201, "one"), kNow)));
  ASSERT_TRUE(Await(transaction->Commit()));
  EXPECT_EQ(Write("k", "two"), "one again");
}

TEST_P(FirstAnswersTest, WhatIsDeferredRunsAsTheRoleOfTheWrite) {
  if (IsSqlite()) GTEST_SKIP() << "has no roles";
  for (const char* text :
       {"do $$ begin create role idempotency_guest; exception when duplicate_object then null; end $$",
        "create table seen (who text)", "grant insert on orders, seen to idempotency_guest",
        "create function see() returns trigger language plpgsql as "
        "$$ begin insert into seen values (current_user); return null; end $$",
        "create constraint trigger seen after insert on orders deferrable initially deferred "
        "for each row execute function see()"}) {
    DatabaseSuite::Must(text);
  }
  const auto transaction = Begin();
  ASSERT_EQ(Await(answers_->Find(*transaction, WriteOf("k"), kNow))->state, State::kNone);
  ASSERT_TRUE(Await(transaction->Run(Of("set local role idempotency_guest"))));
  ASSERT_TRUE(Await(transaction->Run(Of("insert into orders (note) values ('x')"))));
  ASSERT_TRUE(Await(answers_->Keep(*transaction, WriteOf("k"), http::Response::Json(201, "one"), kNow)));
  ASSERT_TRUE(Await(transaction->Commit()));
  EXPECT_EQ(Lines("select who from seen"), std::vector<std::string>{"idempotency_guest"});
  EXPECT_EQ(Write("k", "two"), "one again");
}

const DatabaseParam kParams[] = {
    {"Sqlite",
     [](net::Loop& loop) -> std::unique_ptr<Backend> { return std::make_unique<SqliteFile>(loop); }},
    {"Postgres",
     [](net::Loop& loop) -> std::unique_ptr<Backend> { return std::make_unique<PostgresDatabase>(loop); }},
};
INSTANTIATE_TEST_SUITE_P(Idempotency, FirstAnswersTest, ::testing::ValuesIn(kParams),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tidemill::queries
