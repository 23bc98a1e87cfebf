// A checker of what a cached answer may lack when others write: random writers, transactions left open and
// requests over PostgreSQL, from a seed. A planted bug shows that it sees what it is for.
#include "queries/live/cached_answers.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "metrics/metrics.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "queries/cache/cache.h"
#include "queries/catalog/describe.h"
#include "queries/live/postgres_changes.h"
#include "queries/live/schema.h"
#include "sql/schema/apply_schema.h"

namespace tidemill::queries::live {
namespace {

using postgres::testing::OnLoop;

// What tells of a write before it is committed, as replication does: whoever asks then may not see it.
class Early final : public ChangeEvents {
 public:
  explicit Early(CachedAnswers& answers) : answers_(answers) {}
  void OnChange(std::span<const TableChange>, std::span<const std::string>) override {}
  void OnChangeSomewhere() override {}
  void OnNotLooking() override {}
  void Tell() {
    const std::vector<TableChange> changes = {{.table = "public.orders", .columns = {}}};
    answers_.OnChange(changes, {});
  }

 private:
  CachedAnswers& answers_;
};

class CachedAnswersTest : public ::testing::Test {
 protected:
  static postgres::testing::PostgresServer& server() {
    static postgres::testing::PostgresServer there({.lines = {"autovacuum = off"}});
    return there;
  }
  CachedAnswersTest() {
    for (const char* text :
         {"drop schema if exists tidemill cascade", "drop schema public cascade", "create schema public",
          "create table orders (id int primary key, total int not null)", "insert into orders values (1, 0)",
          "create table others (id int)"}) {
      EXPECT_TRUE(on_.Run(text));
    }
    const std::vector<sql::Schema> schemas = {LiveSchema()};
    EXPECT_TRUE(on_.Wait(sql::ApplySchemas(*on_.loop, *on_.database, schemas, {})));
    auto file = std::make_shared<const files::File>(
        files::LoadFile("total.get.sql", "-- @auth none\n-- @cache 1h\nselect sum(total) from orders",
                        sql::Dialect::kPostgres));
    auto set = std::make_shared<const files::FileSet>(files::MakeFileSet({file}, {}, {}));
    auto catalog = on_.Wait(Describe(*on_.loop, *on_.database, std::move(set), nullptr, {}));
    EXPECT_TRUE(catalog) << catalog.error().detail;
    serving_ = MakeServing(
        *catalog, {.dialect = sql::Dialect::kPostgres, .generations = &store_.generations()}, nullptr);
  }

  std::unique_ptr<ChangeSource> Follow(ChangeEvents& events) {
    auto source = MakePostgresChanges(*on_.loop, *on_.database, {}, events);
    answers_.SetSource(*source);
    answers_.ReplaceServing(serving_);
    EXPECT_TRUE(Drive([&] { return answers_.followed() == 1; }));
    Turn(Milliseconds(100));
    return source;
  }
  bool Drive(const std::function<bool()>& condition) {
    return postgres::testing::DriveUntil(*on_.loop, condition);
  }
  void Turn(Duration duration) {
    const MonotonicTime until = on_.loop->clock().Now() + duration;
    EXPECT_TRUE(Drive([&] { return on_.loop->clock().Now() >= until; }));
  }

  static Fill Ask(sql::Database& database) {
    static const sql::Statement statement("select sum(total)::text from orders");
    const auto found = co_await database.Run({.statement = statement, .access = sql::Access::kRead});
    if (!found) co_return Fail(Errc::kUnavailable, found.error().message);
    http::Response response;
    response.status = 200;
    response.body = std::string(found->rows[0][0].text);
    co_return response;
  }
  std::string Get() {
    const auto key = MakeCacheKey({.endpoint = "total",
                                   .endpoint_version = "1",
                                   .parameters = parameters_,
                                   .format = "json",
                                   .variant = "",
                                   .role = "",
                                   .claims = "",
                                   .scope = scope_});
    const auto found =
        on_.Wait(cache_.Get(*key, serving_.endpoints.at(0)->cache, [&] { return Ask(*on_.database); }));
    EXPECT_TRUE(found) << found.error().detail;
    return found ? found->answer->response.body : "";
  }

  // Gives how often an answer lacked for good what somebody else had written.
  int CountStale(std::uint32_t seed, int steps, Early* early) {
    std::mt19937 random(seed);
    OnLoop other(server().url());
    int stale = 0;
    for (int i = 0; i < steps; ++i) {
      auto begun = other.Wait(other.database->Begin({}));
      EXPECT_TRUE(begun);
      const bool there = random() % 4 != 0;
      static const sql::Statement write("update orders set total = total + 1");
      static const sql::Statement elsewhere("insert into others values (1)");
      EXPECT_TRUE(other.Wait((*begun)->Run({.statement = there ? write : elsewhere})));
      if (early != nullptr) early->Tell();
      if (random() % 2 == 0) Get();
      if (random() % 5 == 0) {
        other.Wait(End(**begun));
      } else {
        EXPECT_TRUE(other.Wait((*begun)->Commit()));
      }
      if (random() % 2 == 0) Get();
      if (random() % 2 == 0) continue;
      const std::string wanted = server().Run("select sum(total) from orders");
      const MonotonicTime until = on_.loop->clock().Now() + Milliseconds(400);
      while (Get() != wanted && on_.loop->clock().Now() < until) Turn(Milliseconds(5));
      stale += Get() != wanted ? 1 : 0;
    }
    return stale;
  }
  static Task<bool> End(sql::Transaction& transaction) {
    co_await transaction.Rollback();
    co_return true;
  }

  OnLoop on_{server().url()};
  metrics::Registry registry_;
  AnswerStore store_{{}, registry_};
  Cache cache_{*on_.loop, store_};
  CachedAnswers answers_{*on_.loop,
                         [this](const std::vector<std::string>& names) { store_.generations().Bump(names); }};
  const sql::Parameters parameters_;
  const std::vector<std::string> scope_;
  Serving serving_;
};

TEST_F(CachedAnswersTest, NoAnswerLacksForLongWhatAnybodyHasWritten) {
  const auto source = Follow(answers_);
  EXPECT_EQ(CountStale(1, 150, nullptr), 0);
  EXPECT_GT(store_.metrics().hits.value(), 20u);
  answers_.ReplaceServing({});
}

TEST_F(CachedAnswersTest, ASourceThatTellsTooEarlyIsFound) {
  Early early(answers_);
  const auto source = Follow(early);
  EXPECT_GT(CountStale(1, 30, &early), 3);
  answers_.ReplaceServing({});
}

TEST_F(CachedAnswersTest, OtherTablesEndNothing) {
  const auto source = Follow(answers_);
  Get();
  const std::uint64_t fills = store_.metrics().fills.value();
  EXPECT_TRUE(on_.Run("insert into others values (7)"));
  Turn(Milliseconds(150));
  Get();
  EXPECT_EQ(store_.metrics().fills.value(), fills);
  EXPECT_TRUE(on_.Run("truncate orders"));
  EXPECT_TRUE(Drive([&] { return Get() == ""; }));
  answers_.ReplaceServing({});
}

}  // namespace
}  // namespace tidemill::queries::live
