#include "queries/live/sqlite_changes.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "net/sleep.h"
#include "net/task_scope.h"

namespace tidemill::queries::live {
namespace {

constexpr Duration kPause = Milliseconds(20);
constexpr Duration kFailurePause = Milliseconds(500);

class SqliteChanges final : public ChangeSource {
 public:
  SqliteChanges(net::Loop& loop, sql::Database& database, ChangeEvents& events)
      : loop_(loop), database_(database), events_(events) {}

  std::string_view method() const override { return "data_version"; }

  Task<Result<Coverage>> Cover(std::vector<std::string> tables, std::optional<KeyColumn>) override {
    co_return Coverage{.covered = true, .why = {}, .tables = std::move(tables)};
  }

  void SetWanted(bool wanted) override {
    wanted_ = wanted;
    if (wanted && !std::exchange(looks_, true)) scope_.Spawn(Look(*this));
  }

 private:
  // What was committed before the first look is seen by whoever is asked because of it.
  static Task<void> Look(SqliteChanges& self) {
    std::optional<std::int64_t> before;
    while (self.wanted_) {
      const auto version = co_await self.Version();
      if (version != before || !version) {
        before = version;
        self.events_.OnChangeSomewhere();
      }
      co_await net::Sleep(self.loop_, version ? kPause : kFailurePause);
    }
    self.looks_ = false;
  }

  Task<std::optional<std::int64_t>> Version() {
    static const sql::Statement statement("select data_version from pragma_data_version");
    const auto found = co_await database_.Run({.statement = statement, .access = sql::Access::kRead});
    if (!found || found->rows.empty()) co_return std::nullopt;
    const auto version = found->rows[0][0].AsInteger();
    if (!version) co_return std::nullopt;
    co_return *version;
  }

  net::Loop& loop_;
  sql::Database& database_;
  ChangeEvents& events_;
  bool wanted_ = false;
  bool looks_ = false;
  TaskScope scope_;
};

}  // namespace

std::unique_ptr<ChangeSource> MakeSqliteChanges(net::Loop& loop, sql::Database& database,
                                                ChangeEvents& events) {
  return std::make_unique<SqliteChanges>(loop, database, events);
}

}  // namespace tidemill::queries::live
