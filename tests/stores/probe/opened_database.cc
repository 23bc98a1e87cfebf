#include "stores/probe/opened_database.h"

#include "metrics/metrics.h"
#include "net/testing/harness.h"
#include "postgres/database/database.h"
#include "sqlite/database.h"

namespace tidemill::probe {
namespace {

constexpr Duration kPatience = Seconds(20);

class OpenedSqlite final : public OpenedDatabase {
 public:
  static Result<std::unique_ptr<OpenedDatabase>> Open(net::Loop& loop, const std::string& path) {
    auto opened = std::make_unique<OpenedSqlite>();
    TM_TRY_ASSIGN(opened->store_, sqlite::Store::Open({.path = path}, opened->metrics_));
    opened->database_.emplace(loop, *opened->store_);
    return opened;
  }
  sql::Database& database() override { return *database_; }

 private:
  metrics::Registry registry_;
  sqlite::Metrics metrics_{registry_};
  std::unique_ptr<sqlite::Store> store_;
  std::optional<sqlite::Database> database_;
};

class OpenedPostgres final : public OpenedDatabase {
 public:
  explicit OpenedPostgres(net::Loop& loop) : loop_(loop) {}
  // What it retires ends with the turn.
  ~OpenedPostgres() override {
    database_.reset();
    net::testing::RunTurns(loop_);
  }

  static Result<std::unique_ptr<OpenedDatabase>> Open(net::Loop& loop, const std::string& url) {
    auto opened = std::make_unique<OpenedPostgres>(loop);
    postgres::OpenOptions options;
    TM_TRY_ASSIGN(options.address, postgres::Address::Parse(url, "", {.os_user = "nobody"}));
    TM_TRY_ASSIGN(opened->opener_, postgres::SessionOpener::Make(std::move(options)));
    opened->database_ = postgres::MakeDatabase(loop, *opened->opener_, {}, opened->metrics_);
    const MonotonicTime give_up = SystemClock().Now() + kPatience;
    while (opened->database_->down_since()) {
      if (SystemClock().Now() > give_up) return Fail(Errc::kUnavailable, "PostgreSQL does not answer");
      loop.RunOnce(Milliseconds(10));
    }
    return opened;
  }
  sql::Database& database() override { return *database_; }

 private:
  net::Loop& loop_;
  metrics::Registry registry_;
  postgres::Metrics metrics_{registry_};
  std::unique_ptr<const postgres::SessionOpener> opener_;
  std::unique_ptr<postgres::Database> database_;
};

}  // namespace

Result<std::unique_ptr<OpenedDatabase>> OpenedDatabase::Open(net::Loop& loop, const std::string& dialect,
                                                             const std::string& where) {
  return dialect == "sqlite" ? OpenedSqlite::Open(loop, where) : OpenedPostgres::Open(loop, where);
}

}  // namespace tidemill::probe
