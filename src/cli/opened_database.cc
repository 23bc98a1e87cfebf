#include "cli/opened_database.h"

#include <optional>

#include "metrics/metrics.h"
#include "net/sleep.h"
#include "postgres/database/database.h"
#include "postgres/opening/from_settings.h"
#include "settings/settings.h"
#include "sqlite/database.h"

namespace tidemill::cli {
namespace {

class OpenedSqlite final : public OpenedDatabase {
 public:
  static Result<std::unique_ptr<OpenedDatabase>> Open(net::Loop& loop, const settings::Settings& settings,
                                                      sql::Access access) {
    auto opened = std::make_unique<OpenedSqlite>();
    TM_TRY_ASSIGN(opened->store_, sqlite::Store::Open(settings.sqlite, opened->metrics_, {.access = access}));
    opened->database_.emplace(loop, *opened->store_);
    return opened;
  }
  Task<Result<void>> Connect() override { co_return Result<void>(); }
  sql::Database& database() override { return *database_; }
  void End() override { database_.reset(); }

 private:
  metrics::Registry registry_;
  sqlite::Metrics metrics_{registry_};
  std::unique_ptr<sqlite::Store> store_;
  std::optional<sqlite::Database> database_;
};

class OpenedPostgres final : public OpenedDatabase {
 public:
  OpenedPostgres(net::Loop& loop, const settings::Settings& settings)
      : loop_(loop), options_(postgres::OptionsOf(settings.postgres)) {
    options_.pool.shared_connections = 1;
  }

  static Result<std::unique_ptr<OpenedDatabase>> Open(net::Loop& loop, const settings::Settings& settings) {
    auto opened = std::make_unique<OpenedPostgres>(loop, settings);
    TM_TRY_ASSIGN(opened->opener_, postgres::OpenerFor(settings.postgres));
    return opened;
  }

  // The first session is opened by hand: it says why there is none.
  Task<Result<void>> Connect() override {
    {
      const auto session = co_await opener_->Open(loop_, postgres::Purpose::kQueries);
      if (!session) co_return std::unexpected(sql::ToError(session.error()));
    }
    database_ = postgres::MakeDatabase(loop_, *opener_, options_, metrics_);
    const MonotonicTime give_up = loop_.Now() + Seconds(10);
    while (database_->down_since()) {
      if (loop_.Now() > give_up) co_return Fail(Errc::kUnavailable, "no connection to PostgreSQL");
      co_await net::Sleep(loop_, Milliseconds(5));
    }
    co_return Result<void>();
  }
  sql::Database& database() override { return *database_; }
  void End() override { database_.reset(); }

 private:
  net::Loop& loop_;
  postgres::DatabaseOptions options_;
  metrics::Registry registry_;
  postgres::Metrics metrics_{registry_};
  std::unique_ptr<const postgres::SessionOpener> opener_;
  std::unique_ptr<postgres::Database> database_;
};

}  // namespace

std::string_view Name(sql::Dialect dialect) {
  return dialect == sql::Dialect::kPostgres ? "postgres" : "sqlite";
}

Result<sql::Dialect> ChooseDialect(const settings::Settings& settings, std::string_view asked) {
  const bool postgres = settings.postgres.given();
  const bool sqlite = settings.sqlite.given();
  if (asked == "postgres" && !postgres)
    return Fail(Errc::kInvalidArgument, "storage.postgres.url is not set");
  if (asked == "sqlite" && !sqlite) return Fail(Errc::kInvalidArgument, "storage.sqlite.path is not set");
  if (!asked.empty()) return asked == "postgres" ? sql::Dialect::kPostgres : sql::Dialect::kSqlite;
  if (postgres && sqlite) {
    return Fail(Errc::kInvalidArgument,
                "two databases are set: say which with --database postgres or sqlite");
  }
  if (postgres) return sql::Dialect::kPostgres;
  if (sqlite) return sql::Dialect::kSqlite;
  return Fail(Errc::kInvalidArgument,
              "there is no database: set storage.postgres.url or storage.sqlite.path");
}

Result<std::unique_ptr<OpenedDatabase>> OpenedDatabase::Open(net::Loop& loop,
                                                             const settings::Settings& settings,
                                                             sql::Dialect dialect, sql::Access access) {
  return dialect == sql::Dialect::kPostgres ? OpenedPostgres::Open(loop, settings)
                                            : OpenedSqlite::Open(loop, settings, access);
}

}  // namespace tidemill::cli
