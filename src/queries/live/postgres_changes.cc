#include "queries/live/postgres_changes.h"

#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/sleep.h"
#include "net/task_scope.h"
#include "queries/live/noted_changes.h"
#include "queries/live/snapshot.h"
#include "sql/schema/schema.h"

namespace tidemill::queries::live {
namespace {

constexpr Duration kPause = Milliseconds(10);
constexpr Duration kFailurePause = Milliseconds(500);
constexpr Duration kRenewInterval = Seconds(10);
constexpr Duration kSweepInterval = Seconds(5);
// What was seen so long ago is deleted. Who did not look for longer than the second begins anew.
constexpr Duration kKept = Seconds(20);
constexpr Duration kGapMax = Seconds(10);
constexpr std::int64_t kChangesMax = 10'000;  // of one look

// Below, "@" is our schema with its dot.
constexpr std::string_view kFollow =
    "select pg_catalog.setval('@tidemill_live_until', (extract(epoch from pg_catalog.clock_timestamp()) * "
    "1000)"
    "::pg_catalog.int8 + 30000)";
constexpr std::string_view kSnapshot =
    "select pg_catalog.pg_current_snapshot()::pg_catalog.text, "
    "(extract(epoch from pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8";
// In unlogged tables, which are empty after a crash: another mark, or none, is of other notes.
constexpr std::string_view kSetMark =
    "insert into @tidemill_live_mark (id) values (1) on conflict do nothing";
constexpr std::string_view kMark = "select mark from @tidemill_live_mark";
// "$1" and "$2" are a snapshot's xmax and those that ran then: nothing else has become visible since. By the
// index, however long one of them runs: two parts, as an OR may be answered by reading the whole table.
constexpr std::string_view kLook =
    "select s.now::pg_catalog.text, "
    "(extract(epoch from pg_catalog.clock_timestamp()) * 1000)::pg_catalog.int8, "
    "(select last_value from @tidemill_live_until), (select mark from @tidemill_live_mark), "
    "c.transaction::pg_catalog.text, c.relation, c.key_column, c.touched is null, c.value "
    "from (select pg_catalog.pg_current_snapshot() as now) as s "
    "left join (select found.*, one.value from ("
    "(select * from @tidemill_live_notes where transaction >= $1::pg_catalog.xid8 "
    "order by transaction limit $3) union all "
    "(select * from @tidemill_live_notes "
    "where transaction = any($2::pg_catalog.text[]::pg_catalog.xid8[]) limit $3)) as found "
    "left join lateral pg_catalog.unnest(found.touched) as one(value) on true limit $3) as c "
    "on true";
// What has become visible between two snapshots, the first of which was swept by.
constexpr std::string_view kSweep =
    "delete from @tidemill_live_notes where (transaction >= $1::pg_catalog.xid8 "
    "or transaction = any($2::pg_catalog.text[]::pg_catalog.xid8[])) "
    "and transaction < $3::pg_catalog.xid8 "
    "and pg_catalog.pg_visible_in_snapshot(transaction, $4::pg_catalog.pg_snapshot)";

class PostgresChanges final : public ChangeSource {
 public:
  PostgresChanges(net::Loop& loop, sql::Database& database, PostgresTables::Options options,
                  ChangeEvents& events)
      : loop_(loop),
        database_(database),
        events_(events),
        schema_(sql::QuoteIdentifier(options.postgres_schema) + "."),
        tables_(loop, database, std::move(options)) {}

  std::string_view method() const override { return "triggers"; }
  Task<Result<Coverage>> Cover(std::vector<std::string> tables, std::optional<KeyColumn> key) override {
    return tables_.Cover(std::move(tables), std::move(key));
  }
  void SetWanted(bool wanted) override {
    wanted_ = wanted;
    if (wanted && !std::exchange(looks_, true)) scope_.Spawn(LookOn(*this));
  }

 private:
  static Task<void> LookOn(PostgresChanges& self) {
    while (self.wanted_) {
      const bool gone_on = self.seen_ && self.Now() - self.looked_at_ <= kGapMax;
      const bool well = gone_on ? co_await self.Look() : co_await self.Begin();
      if (!well) {
        self.seen_.reset();
        self.events_.OnNotLooking();
      }
      co_await net::Sleep(self.loop_, well ? kPause : kFailurePause);
    }
    self.seen_.reset();
    self.looks_ = false;
  }

  MonotonicTime Now() const { return loop_.clock().Now(); }
  sql::Statement Write(std::string_view given) const {
    std::string text(given);
    for (std::size_t at = text.find('@'); at != text.npos; at = text.find('@', at + schema_.size())) {
      text.replace(at, 1, schema_);
    }
    return sql::Statement(std::move(text));
  }

  static std::expected<Snapshot, std::string> Read(const sql::Row& row) {
    auto snapshot = Snapshot::Parse(row[0].text);
    if (snapshot) snapshot->taken_ms = row[1].AsInteger().value_or(0);
    return snapshot;
  }

  // Everybody who writes from now on finds that somebody follows; the snapshot is taken after that.
  Task<bool> Begin() {
    const MonotonicTime begun = Now();
    std::vector<sql::Call> calls;
    for (const sql::Statement* each : {&follow_, &set_mark_, &mark_, &snapshot_}) {
      calls.push_back({.statement = *each});
    }
    const auto done = co_await database_.RunAll(std::move(calls));
    if (!done) co_return Fail(done.error().message);
    const sql::Rows& mark = (*done)[2].rows;
    auto snapshot = Read((*done)[3].rows[0]);
    if (!snapshot || mark.empty())
      co_return Fail(snapshot ? "tidemill_live_mark is empty" : snapshot.error());
    seen_mark_ = mark[0][0].text;
    seen_ = *std::move(snapshot);
    older_ = seen_->running;
    looked_at_ = begun;
    renewed_at_ = begun;
    kept_.clear();
    swept_ = {};
    failed_ = false;
    events_.OnChangeSomewhere();
    co_return true;
  }

  bool Fail(std::string_view why) {
    if (!std::exchange(failed_, true)) log::Warn("queries.live_not_followed", {{"why", why}});
    return false;
  }

  Task<bool> Look() {
    const MonotonicTime begun = Now();
    const auto found = co_await database_.Run(
        {.statement = look_,
         .parameters = {std::to_string(seen_->xmax), seen_->RunningTexts(), kChangesMax},
         .access = sql::Access::kRead,
         .limits = {.rows_max = kChangesMax + 1}});
    if (!found) co_return Fail(found.error().message);
    auto snapshot = Read(found->rows[0]);
    // The lease may have run out, as triggers see it, in whole seconds: somebody has noted nothing.
    const bool leased =
        snapshot && found->rows[0][2].AsInteger().value_or(0) > snapshot->taken_ms + Seconds(1).ms;
    const bool same = found->rows[0][3].text == seen_mark_;
    if (!leased || !same || !seen_->GoesOnWith(*snapshot, kGapMax)) co_return false;
    Tell(found->rows, *snapshot);
    seen_ = *std::move(snapshot);
    looked_at_ = begun;
    if (begun - renewed_at_ > kRenewInterval && !co_await Renew(begun)) co_return false;
    co_return co_await Sweep(begun);
  }

  void Tell(const sql::Rows& rows, const Snapshot& now) {
    const std::size_t before = older_.size();
    std::erase_if(older_, [&](std::uint64_t each) { return !now.running.contains(each); });
    const bool many = rows.size() >= static_cast<std::size_t>(kChangesMax);
    if (older_.size() != before || many) return events_.OnChangeSomewhere();
    NotedChanges noted;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const sql::Row row = rows[i];
      if (row[4].is_null()) continue;
      if (row[6].is_null() || row[7].text == "t") {
        noted.AddAll(row[4].text, row[5].text);
      } else {
        noted.AddValue(row[4].text, row[5].text, row[6].text,
                       row[8].is_null() ? std::nullopt : std::optional(row[8].text));
      }
    }
    if (!noted.empty()) events_.OnChange(noted.Changes(), noted.Transactions());
  }

  Task<bool> Renew(MonotonicTime now) {
    const auto done = co_await database_.Run({.statement = follow_});
    if (!done) co_return Fail(done.error().message);
    renewed_at_ = now;
    co_return true;
  }

  Task<bool> Sweep(MonotonicTime now) {
    if (!kept_.empty() && now - kept_.back().first < kSweepInterval) co_return true;
    kept_.emplace_back(now, *seen_);
    if (now - kept_.front().first < kKept) co_return true;
    Snapshot old = std::move(kept_.front().second);
    kept_.pop_front();
    const auto done =
        co_await database_.Run({.statement = sweep_,
                                .parameters = {std::to_string(swept_.xmax), swept_.RunningTexts(),
                                               std::to_string(old.xmax), old.text}});
    if (!done) co_return Fail(done.error().message);
    swept_ = std::move(old);
    co_return true;
  }

  net::Loop& loop_;
  sql::Database& database_;
  ChangeEvents& events_;
  const std::string schema_;
  PostgresTables tables_;
  const sql::Statement follow_ = Write(kFollow);
  const sql::Statement snapshot_ = Write(kSnapshot);
  const sql::Statement look_ = Write(kLook);
  const sql::Statement set_mark_ = Write(kSetMark);
  const sql::Statement mark_ = Write(kMark);
  const sql::Statement sweep_ = Write(kSweep);
  bool wanted_ = false;
  bool looks_ = false;
  bool failed_ = false;
  std::string seen_mark_;
  std::optional<Snapshot> seen_;   // by the last look; nullopt: it has to begin
  std::set<std::uint64_t> older_;  // those that ran when it began, and still do
  MonotonicTime looked_at_{};
  MonotonicTime renewed_at_{};
  std::deque<std::pair<MonotonicTime, Snapshot>> kept_;  // seen snapshots, until what they saw is deleted
  Snapshot swept_;                                       // what it saw has been deleted
  TaskScope scope_;
};

}  // namespace

std::unique_ptr<ChangeSource> MakePostgresChanges(net::Loop& loop, sql::Database& database,
                                                  PostgresTables::Options options, ChangeEvents& events) {
  return std::make_unique<PostgresChanges>(loop, database, std::move(options), events);
}

}  // namespace tidemill::queries::live
