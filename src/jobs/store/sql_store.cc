#include "jobs/store/sql_store.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "jobs/store/cursor.h"
#include "jobs/store/flush_calls.h"
#include "jobs/store/sql_lease.h"
#include "jobs/store/statements.h"
#include "jobs/store/stored_rows.h"
#include "net/run_to_end.h"
#include "sql/schema/own_tables.h"

namespace tidemill::jobs {
namespace {

constexpr int kAttemptsMax = 3;                    // of a flush that met a deadlock
constexpr std::size_t kAnswerBytesMax = 16 << 20;  // of one statement, beside the texts that are asked for
constexpr std::size_t kPageCountMax = 1000;
constexpr std::size_t kPageBytesEnough = 4 << 20;  // of texts; then a page ends
constexpr std::size_t kLoadBytesEnough = 4 << 20;  // an answer with more may have been cut
constexpr std::size_t kLookedThroughPerJob = 10;   // PageRequest::count
constexpr std::int64_t kClearedAtOnce = 5000;

Error ErrorOf(const sql::Failure& failure) {
  Error error = sql::ToError(failure);
  switch (failure.kind) {
    case sql::FailureKind::kFull: error.code = Errc::kLimitExceeded; break;
    case sql::FailureKind::kLocked:
    case sql::FailureKind::kCancelled: error.code = Errc::kTimeout; break;
    case sql::FailureKind::kSerialization:
    case sql::FailureKind::kReadOnly:
    case sql::FailureKind::kBusy:
    case sql::FailureKind::kUnauthenticated: error.code = Errc::kUnavailable; break;
    case sql::FailureKind::kUniqueViolation:
    case sql::FailureKind::kInvalidStatement:
    case sql::FailureKind::kInvalidValue: error.code = Errc::kInternal; break;
    default: break;
  }
  return error;
}

std::vector<std::int64_t> ToSql(const std::vector<JobId>& ids) {
  std::vector<std::int64_t> list;
  list.reserve(ids.size());
  for (const JobId id : ids) list.push_back(static_cast<std::int64_t>(id.value()));
  return list;
}
std::int64_t ToSql(JobId id) { return static_cast<std::int64_t>(id.value()); }
std::int64_t ToSql(std::size_t count) { return static_cast<std::int64_t>(count); }

template <class T, class Make>
std::vector<T> ToVector(const sql::Rows& rows, Make make) {
  std::vector<T> list;
  list.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) list.push_back(make(rows[i]));
  return list;
}

// Before all that can be in a place, in the order of its pages.
Store::LaterPosition StartOf(Place place) {
  if (place != Place::kDead)
    return {.run_at = WallTime{std::numeric_limits<std::int64_t>::min()}, .id = JobId(0)};
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  return {.run_at = WallTime{kLast}, .id = JobId(static_cast<std::uint64_t>(kLast))};
}

class SqlStore final : public Store {
 public:
  SqlStore(net::Loop& loop, sql::Database& database, const SqlStoreOptions& options)
      : database_(database),
        statements_(MakeStatements(database.dialect(), options.postgres_schema)),
        flush_calls_(database.dialect(), options.postgres_schema),
        lease_(loop, database, statements_) {}

  Task<Result<Lease>> Acquire(LeaseRequest request) override { return lease_.Acquire(std::move(request)); }
  Task<Result<>> Release(LeaseRequest /*request*/) override { return lease_.Release(); }
  Task<Result<std::optional<Owner>>> FindOwner() override { return lease_.FindOwner(); }

  Task<Result<>> Commit(std::shared_ptr<const Flush> flush) override {
    co_return co_await RunToEnd(commits_, CommitToTheEnd(std::move(flush)));
  }

  Task<Result<JobId>> LastId() override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(statements_.last_id, {}, 1));
    co_return IdOf(rows[0][0]);
  }

  Task<Result<std::vector<StoredJob>>> LoadReady(JobId after, std::size_t count,
                                                 std::size_t text_bytes_max) override {
    sql::Parameters parameters = {ToSql(after), ToSql(count)};
    if (text_bytes_max > 0) parameters.emplace_back(ToSql(text_bytes_max));
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await Read(text_bytes_max > 0 ? statements_.load_ready_texts : statements_.load_ready,
                                   std::move(parameters), count, text_bytes_max));
    co_return ToVector<StoredJob>(rows, StoredJobOf);
  }

  Task<Result<std::vector<LaterEntry>>> LoadLater(LaterPosition after, std::size_t count) override {
    TM_CO_TRY_ASSIGN(
        const sql::Rows rows,
        co_await Read(statements_.load_later, {after.run_at.ms, ToSql(after.id), ToSql(count)}, count));
    co_return ToVector<LaterEntry>(rows, [](const sql::Row& row) {
      return LaterEntry{.id = IdOf(row[0]),
                        .run_at = WallTime{IntegerOf(row[1])},
                        .wait = static_cast<Wait>(IntegerOf(row[4])),
                        .jid = std::string(row[2].text),
                        .queue = std::string(row[3].text)};
    });
  }

  Task<Result<std::vector<Claim>>> LoadClaims(JobId after, std::size_t count) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await Read(statements_.load_claims, {ToSql(after), ToSql(count)}, count));
    co_return ToVector<Claim>(rows, [](const sql::Row& row) {
      return Claim{.id = IdOf(row[0]), .wid = std::string(row[1].text), .until = WallTime{IntegerOf(row[2])}};
    });
  }

  Task<Result<std::vector<Record>>> LoadRecords(std::string kind, std::string after,
                                                std::size_t count) override {
    TM_CO_TRY_ASSIGN(
        const sql::Rows rows,
        co_await Read(statements_.load_records, {std::move(kind), std::move(after), ToSql(count)}, count));
    co_return ToVector<Record>(rows, RecordOf);
  }

  Task<Result<std::optional<Record>>> FindRecord(RecordKey key) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows,
                     co_await Read(statements_.find_record, {std::move(key.kind), std::move(key.key)}, 1));
    if (rows.empty()) co_return std::nullopt;
    co_return RecordOf(rows[0]);
  }

  Task<Result<std::vector<JobPage::Item>>> Load(Place place, std::vector<JobId> ids) override;
  Task<Result<JobPage>> List(PageRequest request) override;

  Task<Result<std::uint64_t>> Count(Place place) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(statements_.count[place], {}, 1));
    co_return static_cast<std::uint64_t>(IntegerOf(rows[0][0]));
  }

  Task<Result<std::vector<InboxJob>>> LoadInbox(std::size_t count) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(statements_.load_inbox, {ToSql(count)}, count));
    co_return ToVector<InboxJob>(rows, [](const sql::Row& row) {
      return InboxJob{.id = IntegerOf(row[0]), .text = std::string(row[1].text)};
    });
  }

  Task<Result<>> RingForInbox(bool rings) override {
    if (database_.dialect() == sql::Dialect::kSqlite) co_return {};
    TM_CO_TRY(co_await Change(statements_.ring, {rings}));
    co_return {};
  }

  Task<Result<std::size_t>> Sweep(WallTime now, std::size_t count) override;
  Task<Result<>> Clear(std::uint64_t epoch) override;

 private:
  Task<Result<>> CommitToTheEnd(std::shared_ptr<const Flush> flush);
  // What a page may have, in its order.
  struct Found {
    struct Job {
      LaterPosition position;
      std::size_t number = 0;  // of the bytes of its text
    };
    std::vector<Job> jobs;
    std::optional<LaterPosition> looked_up_to;  // there may be more behind it
  };
  Task<Result<Found>> Find(const PageRequest& request);
  Task<Result<sql::Rows>> Read(sql::Statement statement, sql::Parameters parameters, std::size_t rows_max,
                               std::size_t text_bytes_max = 0);
  // How many rows.
  Task<Result<std::size_t>> Change(sql::Statement statement, sql::Parameters parameters);

  sql::Database& database_;
  const Statements statements_;
  const FlushCalls flush_calls_;
  SqlLease lease_;
  TaskScope commits_;  // last: its tasks refer to all above
};

Task<Result<>> SqlStore::CommitToTheEnd(std::shared_ptr<const Flush> flush) {
  TM_CO_TRY(CheckTexts(*flush));
  for (int attempt = 1;; ++attempt) {
    std::vector<sql::Call> calls;
    flush_calls_.Append(*flush, statements_, calls);
    const auto done = co_await lease_.Run(flush->epoch, flush->number, std::move(calls));
    if (done) co_return {};
    if (sql::MayRetry(done.error()) && attempt < kAttemptsMax) continue;
    Error error = ErrorOf(done.error());
    // Longer than the database takes: no room will come for that.
    if (done.error().kind == sql::FailureKind::kLimitExceeded) error.code = Errc::kInternal;
    co_return std::unexpected(std::move(error));
  }
}

Task<Result<sql::Rows>> SqlStore::Read(sql::Statement statement, sql::Parameters parameters,
                                       std::size_t rows_max, std::size_t text_bytes_max) {
  auto done = sql::OnOwnTables(co_await database_.Run(
      {.statement = std::move(statement),
       .parameters = std::move(parameters),
       .access = sql::Access::kRead,
       .limits = {.rows_max = rows_max, .bytes_max = kAnswerBytesMax + text_bytes_max}}));
  if (!done) co_return std::unexpected(ErrorOf(done.error()));
  co_return std::move(done->rows);
}

Task<Result<std::size_t>> SqlStore::Change(sql::Statement statement, sql::Parameters parameters) {
  const auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = std::move(statement), .parameters = std::move(parameters)}));
  if (!done) co_return std::unexpected(ErrorOf(done.error()));
  co_return done->rows_affected;
}

// An answer ends early when its texts are long; then the rest is asked for.
Task<Result<std::vector<JobPage::Item>>> SqlStore::Load(Place place, std::vector<JobId> ids) {
  std::ranges::sort(ids);
  std::vector<JobPage::Item> items;
  while (!ids.empty()) {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(statements_.load[place], {ToSql(ids)}, ids.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) items.push_back(ItemOf(rows[i]));
    if (rows.bytes() < kLoadBytesEnough) break;
    const JobId last = items.back().job.id;
    ids.erase(ids.begin(), std::ranges::upper_bound(ids, last));
  }
  co_return items;
}

Task<Result<SqlStore::Found>> SqlStore::Find(const PageRequest& request) {
  LaterPosition after = StartOf(request.place);
  if (!request.cursor.empty()) {
    TM_CO_TRY_ASSIGN(after, ParseCursor(request.cursor));
  }
  const std::size_t looked_through_max = request.count * kLookedThroughPerJob;
  const JobFilter& filter = request.filter;
  const std::int64_t wait = filter.wait ? static_cast<std::int64_t>(*filter.wait) : -1;
  const auto& statements = filter.jid.empty() ? statements_.list : statements_.list_by_jid;
  // One more than asked for says whether there is one.
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await Read(statements[request.place],
                    {after.run_at.ms, ToSql(after.id), ToSql(looked_through_max), ToSql(request.count + 1),
                     filter.queue, filter.type, filter.jid, filter.contains, wait},
                    request.count + 2));
  Found found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const sql::Row row = rows[i];
    const Found::Job job{.position = {.run_at = WallTime{IntegerOf(row[1])}, .id = IdOf(row[0])},
                         .number = static_cast<std::size_t>(IntegerOf(row[2]))};
    if (IntegerOf(row[3]) == 0) {
      found.jobs.push_back(job);
    } else if (job.number == looked_through_max) {
      found.looked_up_to = job.position;
    }
  }
  std::ranges::sort(found.jobs, [&request](const Found::Job& a, const Found::Job& b) {
    return IsBefore(request.place, a.position, b.position);
  });
  co_return found;
}

Task<Result<JobPage>> SqlStore::List(PageRequest request) {
  request.count = std::clamp<std::size_t>(request.count, 1, kPageCountMax);
  TM_CO_TRY_ASSIGN(const Found found, co_await Find(request));
  std::vector<JobId> ids;
  std::size_t bytes = 0;
  for (const Found::Job& job : found.jobs) {
    if (ids.size() == request.count || (!ids.empty() && bytes + job.number > kPageBytesEnough)) break;
    ids.push_back(job.position.id);
    bytes += job.number;
  }
  JobPage page;
  if (ids.size() < found.jobs.size()) {
    page.next = CursorOf(found.jobs[ids.size() - 1].position);
  } else if (found.looked_up_to) {
    page.next = CursorOf(*found.looked_up_to);
  }
  TM_CO_TRY_ASSIGN(page.items, co_await Load(request.place, std::move(ids)));
  std::ranges::sort(page.items, [&request](const JobPage::Item& a, const JobPage::Item& b) {
    return IsBefore(request.place, PositionOf(a), PositionOf(b));
  });
  co_return page;
}

// Nobody waits for what expires, and whatever becomes of it is right: no fence.
Task<Result<std::size_t>> SqlStore::Sweep(WallTime now, std::size_t count) {
  TM_CO_TRY_ASSIGN(std::size_t dropped, co_await Change(statements_.sweep_dead, {now.ms, ToSql(count)}));
  if (dropped < count) {
    TM_CO_TRY_ASSIGN(const std::size_t records,
                     co_await Change(statements_.sweep_records, {now.ms, ToSql(count - dropped)}));
    dropped += records;
  }
  co_return dropped;
}

// In pieces, so that nothing else waits long.
Task<Result<>> SqlStore::Clear(std::uint64_t epoch) {
  const sql::Statement* const pieces[] = {&statements_.clear_jobs[Place::kReady],
                                          &statements_.clear_jobs[Place::kLater],
                                          &statements_.clear_jobs[Place::kDead],
                                          &statements_.clear_claims,
                                          &statements_.clear_records,
                                          &statements_.clear_inbox};
  for (const sql::Statement* const piece : pieces) {
    for (std::size_t deleted = 1; deleted > 0;) {
      const auto done =
          co_await lease_.RunRepeatable(epoch, {.statement = *piece, .parameters = {kClearedAtOnce}});
      if (!done) co_return std::unexpected(ErrorOf(done.error()));
      deleted = *done;
    }
  }
  co_return {};
}

}  // namespace

std::unique_ptr<Store> MakeSqlStore(net::Loop& loop, sql::Database& database, SqlStoreOptions options) {
  return std::make_unique<SqlStore>(loop, database, options);
}

}  // namespace tidemill::jobs
