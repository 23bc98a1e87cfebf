// tidemill.enqueue and enqueue_many on real servers.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/job/job.h"
#include "jobs/store/schema.h"
#include "jobs/store/sql_store.h"
#include "net/sleep.h"
#include "net/testing/run_task.h"
#include "postgres/listening/listener.h"
#include "postgres/testing/each_version.h"
#include "postgres/testing/on_loop.h"
#include "sql/schema/apply_schema.h"

namespace tidemill::jobs {
namespace {

using net::testing::DriveUntil;
using postgres::testing::OnLoop;
using postgres::testing::PostgresServer;
using postgres::testing::SharedServer;

class EnqueueTest : public ::testing::TestWithParam<postgres::testing::Version> {
 protected:
  EnqueueTest()
      : server_(SharedServer(GetParam())),
        name_("enqueue_" + std::to_string(++count_)),
        db_(Create(server_, name_)) {
    const std::vector<sql::Schema> schemas = {JobsSchema()};
    const auto applied = db_.Wait(sql::ApplySchemas(*db_.loop, *db_.database, schemas, {}));
    EXPECT_TRUE(applied) << applied.error().detail;
    store_ = MakeSqlStore(*db_.loop, *db_.database, {});
    epoch_ = db_.Wait(store_->Acquire({.node = "n1"}))->epoch;
  }

  static std::string Create(PostgresServer& server, const std::string& name) {
    server.Run("create database " + name);
    return "postgres://postgres@127.0.0.1:" + std::to_string(server.port()) + "/" + name;
  }
  sql::Result<sql::RunResult> Run(std::string text) { return db_.Run(std::move(text)); }
  // The first field of what must succeed.
  std::string Must(std::string text) {
    const auto result = Run(text);
    EXPECT_TRUE(result) << text << ": " << result.error().message;
    return result && !result->rows.empty() ? std::string(result->rows[0][0].text) : "";
  }
  std::vector<InboxJob> Inbox() { return *db_.Wait(store_->LoadInbox(10'000)); }
  // As the engine reads it.
  static job::Job Parsed(const InboxJob& inbox) {
    auto job = job::ParseJob(inbox.text, WallTime{1});
    EXPECT_TRUE(job) << inbox.text << ": " << job.error().detail;
    return job ? *std::move(job) : job::Job{};
  }

  static inline int count_ = 0;
  PostgresServer& server_;
  const std::string name_;
  OnLoop db_;
  std::unique_ptr<Store> store_;
  std::uint64_t epoch_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Postgres, EnqueueTest, postgres::testing::EachVersion(),
                         postgres::testing::VersionName);

TEST_P(EnqueueTest, AJobIsThereWhenItsTransactionHasCommittedAndNotWhenItRolledBack) {
  auto transaction = *db_.Wait(db_.database->Begin({}));
  ASSERT_TRUE(
      db_.Wait(transaction->Run({.statement = sql::Statement("select tidemill.enqueue('Mail', '[1]')")})));
  EXPECT_TRUE(Inbox().empty());
  ASSERT_TRUE(db_.Wait(transaction->Commit()));
  ASSERT_EQ(Inbox().size(), 1u);

  transaction = *db_.Wait(db_.database->Begin({}));
  ASSERT_TRUE(
      db_.Wait(transaction->Run({.statement = sql::Statement("select tidemill.enqueue('Mail', '[2]')")})));
  db_.Wait([](sql::Transaction& t) -> Task<bool> {
    co_await t.Rollback();
    co_return true;
  }(*transaction));
  ASSERT_EQ(Inbox().size(), 1u);
}

TEST_P(EnqueueTest, WhatIsNotSaidHasItsDefaultAndTheJidIsGiven) {
  const std::string jid = Must("select tidemill.enqueue('Mail', '[1, \"zwei\", null, {\"a\": null}]')");
  const std::vector<InboxJob> inbox = Inbox();
  ASSERT_EQ(inbox.size(), 1u);
  const job::Job job = Parsed(inbox[0]);
  EXPECT_EQ(job.jid, jid);
  EXPECT_EQ(job.type, "Mail");
  EXPECT_EQ(job.queue, "default");
  EXPECT_EQ(job.retry, 25);
  EXPECT_EQ(job.reserve_for, Seconds(1800));
  EXPECT_FALSE(job.at);
  EXPECT_TRUE(job.members.contains(R"("args":[1,"zwei",null,{"a":null}])")) << job.members;
}

TEST_P(EnqueueTest, WhatIsSaidIsKept) {
  Must(
      "select tidemill.enqueue('Mail', args => '[]', queue => 'bulk', run_at => '2030-01-02 "
      "03:04:05.678+01', "
      "retry => -1, reserve_for => 90, custom => '{\"track\": 1, \"x\": null}', jid => 'my-own-jid')");
  const job::Job job = Parsed(Inbox()[0]);
  EXPECT_EQ(job.jid, "my-own-jid");
  EXPECT_EQ(job.queue, "bulk");
  EXPECT_EQ(job.retry, -1);
  EXPECT_EQ(job.reserve_for, Seconds(90));
  ASSERT_TRUE(job.at);
  EXPECT_EQ(job.at->ms, 1'893'549'845'678);
  EXPECT_TRUE(job.is_tracked);
}

TEST_P(EnqueueTest, WhatNoJobMayHaveIsRefusedInWords) {
  struct Case {
    const char* arguments;
    const char* words;
  };
  const Case cases[] = {
      {"'', '[]'", "jobtype must be"},
      {"null, '[]'", "jobtype must be"},
      {"E'a\\nb', '[]'", "jobtype must be"},
      {"repeat('x', 257), '[]'", "jobtype must be"},
      {"'T', '{}'", "args must be a JSON array"},
      {"'T', null", "args must be a JSON array"},
      {"'T', '[]', ''", "queue must have"},
      {"'T', '[]', 'a b'", "queue must have"},
      {"'T', '[]', '..'", "queue must have"},
      {"'T', '[]', E'a\\n'", "queue must have"},
      {"'T', '[]', repeat('q', 129)", "queue must have"},
      {"'T', jid => 'short'", "jid must have"},
      {"'T', jid => 'has a blank'", "jid must have"},
      {"'T', jid => 'has\"quotes'", "jid must have"},
      {"'T', jid => 'has\\backslash'", "jid must have"},
      {"'T', retry => -2", "retry must be"},
      {"'T', retry => 1001", "retry must be"},
      {"'T', reserve_for => -1", "reserve_for must be"},
      {"'T', reserve_for => 86401", "reserve_for must be"},
      {"'T', custom => '[]'", "custom must be"},
      {"'T', run_at => 'infinity'", "run_at must be"},
      {"'T', jsonb_build_array(repeat('x', 1048576))", "at most 1 MiB"},
  };
  for (const Case& c : cases) {
    const auto refused = Run("select tidemill.enqueue(" + std::string(c.arguments) + ")");
    ASSERT_FALSE(refused) << c.arguments;
    EXPECT_TRUE(refused.error().message.contains(c.words)) << c.arguments << ": " << refused.error().message;
    EXPECT_EQ(refused.error().code, "22023");
  }
  for (const char* const jobs :
       {"{}", "null", "[1]", "[{}]", R"([{"jobtype": "T", "args": []}, {"jobtype": "T"}])",
        R"([{"jobtype": "T", "args": [], "retry": 1.5}])", R"([{"jobtype": "T", "args": [], "retry": "1"}])",
        R"([{"jobtype": "T", "args": [], "reserve_for": 1e9}])"}) {
    EXPECT_FALSE(Run("select tidemill.enqueue_many('" + std::string(jobs) + "')")) << jobs;
  }
  EXPECT_FALSE(
      Run("select tidemill.enqueue_many((select jsonb_agg(jsonb_build_object('jobtype', 'T', 'args', "
          "jsonb_build_array(n))) from generate_series(1, 10001) n))"));
  EXPECT_TRUE(Inbox().empty());
}

TEST_P(EnqueueTest, ManyKeepTheirOrderAndTheirOtherMembers) {
  EXPECT_EQ(
      Must("select array_length(tidemill.enqueue_many((select jsonb_agg(jsonb_build_object('jobtype', 'T', "
           "'args', jsonb_build_array(n), 'priority', 9, 'jid', 'jid-' || (10000 + n)) order by n) from "
           "generate_series(1, 10000) n)), 1)"),
      "10000");
  EXPECT_EQ(Must("select (tidemill.enqueue_many('[]'))::text"), "{}");
  const std::vector<InboxJob> inbox = Inbox();
  ASSERT_EQ(inbox.size(), 10'000u);
  for (std::size_t i = 0; i < inbox.size(); i += 999) {
    const job::Job job = Parsed(inbox[i]);
    EXPECT_EQ(job.jid, "jid-" + std::to_string(10'001 + i));
    EXPECT_EQ(job.priority, 9);
  }
}

TEST_P(EnqueueTest, ARoleMayEnqueueWhenItWasGrantedAndNothingElse) {
  Must("drop role if exists shop");
  Must("create role shop login");
  OnLoop shop("postgres://shop@127.0.0.1:" + std::to_string(server_.port()) + "/" + name_);
  const auto enqueue = [&] { return shop.Run("select tidemill.enqueue('Mail')"); };
  EXPECT_EQ(enqueue().error().kind, sql::FailureKind::kPermissionDenied);
  Must("grant usage on schema tidemill to shop");
  EXPECT_EQ(enqueue().error().kind, sql::FailureKind::kPermissionDenied);
  Must("grant execute on function tidemill.enqueue, tidemill.enqueue_many to shop");
  EXPECT_TRUE(enqueue());
  EXPECT_TRUE(shop.Run(R"(select tidemill.enqueue_many('[{"jobtype": "T", "args": []}]'))"));
  for (const char* const text :
       {"select * from tidemill.tidemill_jobs_inbox", "select tidemill.tidemill_jobs_ring()",
        "insert into tidemill.tidemill_jobs_inbox (job) values ('{}')",
        "select * from tidemill.tidemill_jobs_ready"}) {
    const auto refused = shop.Run(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().kind, sql::FailureKind::kPermissionDenied) << text;
  }
  EXPECT_EQ(Inbox().size(), 2u);

  // Tables and functions of its own are not found instead of ours.
  auto session = *shop.Wait(shop.database->Begin({}));
  for (const char* const text :
       {"create temporary table tidemill_jobs_inbox (job text)",
        "create temporary table tidemill_jobs_owner as select true as asleep",
        "create function pg_temp.tidemill_jobs_check(jsonb) returns jsonb language sql as 'select "
        "null::jsonb'",
        "set local search_path to pg_temp, tidemill", "select tidemill.enqueue('Mail')"}) {
    const auto done = shop.Wait(session->Run({.statement = sql::Statement(text)}));
    ASSERT_TRUE(done) << text << ": " << done.error().message;
  }
  ASSERT_TRUE(shop.Wait(session->Commit()));
  EXPECT_EQ(Inbox().size(), 3u);
}

struct Heard final : postgres::ListenerEvents {
  void OnNotification(std::string_view channel, std::string_view payload) override {
    rings.push_back(std::string(channel) + " " + std::string(payload));
  }
  void OnLost() override {}
  void OnRestored() override {}
  std::vector<std::string> rings;
};

TEST_P(EnqueueTest, RingsOnceForATransactionWhenItShallAndNotOtherwise) {
  Heard heard;
  const auto opener = postgres::testing::OpenerOf(
      "postgres://postgres@127.0.0.1:" + std::to_string(server_.port()) + "/" + name_);
  auto listener = postgres::MakeListener(*db_.loop, *opener, {}, heard, db_.metrics);
  ASSERT_TRUE(DriveUntil(*db_.loop, [&] { return !listener->down_since(); }));
  ASSERT_TRUE(db_.Wait(listener->Listen("tidemill_jobs")));

  ASSERT_TRUE(db_.Wait(store_->RingForInbox(false)));
  Must("select tidemill.enqueue('Mail')");
  Must("select pg_notify('tidemill_jobs', 'mark')");
  ASSERT_TRUE(DriveUntil(*db_.loop, [&] { return !heard.rings.empty(); }));
  EXPECT_EQ(heard.rings, std::vector<std::string>{"tidemill_jobs mark"});

  ASSERT_TRUE(db_.Wait(store_->RingForInbox(true)));
  Must("select tidemill.enqueue('Mail'), tidemill.enqueue('Mail')");
  ASSERT_TRUE(DriveUntil(*db_.loop, [&] { return heard.rings.size() >= 2; }));
  Must("select pg_notify('tidemill_jobs', 'mark')");
  ASSERT_TRUE(DriveUntil(*db_.loop, [&] { return heard.rings.back() == "tidemill_jobs mark"; }));
  EXPECT_EQ(heard.rings,
            (std::vector<std::string>{"tidemill_jobs mark", "tidemill_jobs tidemill", "tidemill_jobs mark"}));
}

// Takes what is in the inbox into "ready", as the engine does.
class Taker {
 public:
  Taker(Store& store, std::uint64_t epoch) : store_(store), epoch_(epoch) {}

  static Task<Result<std::size_t>> Take(Taker& self) {
    TM_CO_TRY_ASSIGN(const std::vector<InboxJob> inbox, co_await self.store_.LoadInbox(100));
    if (inbox.empty()) co_return 0;
    Flush flush{.epoch = self.epoch_, .number = self.number_ + 1};
    for (const InboxJob& job : inbox) {
      const job::Job parsed = *job::ParseJob(job.text, WallTime{1});
      flush.inbox_deletes.push_back(job.id);
      flush.ready.push_back({.id = JobId(++self.id_),
                             .jid = parsed.jid,
                             .queue = parsed.queue,
                             .type = parsed.type,
                             .text = job.text});
    }
    TM_CO_TRY(co_await self.store_.Commit(std::make_shared<const Flush>(std::move(flush))));
    ++self.number_;
    co_return inbox.size();
  }

 private:
  Store& store_;
  const std::uint64_t epoch_;
  std::uint64_t number_ = 0;
  std::uint64_t id_ = 0;
};

// Each third is rolled back.
Task<void> EnqueueInTransaction(sql::Database& database, int number, int& ended,
                                std::set<std::string>& committed) {
  static const sql::Statement kEnqueue("select tidemill.enqueue('T', jid => $1)");
  const std::string jid = "transaction-" + std::to_string(number);
  auto transaction = co_await database.Begin({});
  EXPECT_TRUE(transaction);
  EXPECT_TRUE(co_await (*transaction)->Run({.statement = kEnqueue, .parameters = {jid}}));
  if (number % 3 == 0) {
    co_await (*transaction)->Rollback();
  } else {
    EXPECT_TRUE(co_await (*transaction)->Commit());
    committed.insert(jid);
  }
  ++ended;
}

TEST_P(EnqueueTest, AThousandTransactionsAtOnceAreTakenOutExactlyOnce) {
  constexpr int kTransactions = 1000;
  Taker taker(*store_, epoch_);
  std::set<std::string> committed;
  int ended = 0;
  TaskScope scope;
  for (int i = 0; i < kTransactions; ++i)
    scope.Spawn(EnqueueInTransaction(*db_.database, i, ended, committed));
  std::size_t taken = 0;
  while (ended < kTransactions) taken += *db_.Wait(Taker::Take(taker));
  for (std::size_t more = 1; more > 0; taken += more) more = *db_.Wait(Taker::Take(taker));
  EXPECT_EQ(taken, committed.size());
  EXPECT_EQ(committed.size(), 666u);
  std::set<std::string> found;
  for (const StoredJob& job : *db_.Wait(store_->LoadReady(JobId(0), 2000, 0))) found.insert(job.jid);
  EXPECT_TRUE(found == committed);
}

}  // namespace
}  // namespace tidemill::jobs
