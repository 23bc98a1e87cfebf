#include "outbox/sql_store.h"

#include <utility>

#include "base/random.h"
#include "sql/schema/own_statements.h"
#include "sql/schema/own_tables.h"

namespace tidemill::outbox {
namespace {

constexpr std::size_t kAnswerBytesMax = 24 << 20;  // entries of 8 MiB and one more, with all their fields

// Below, "@" is the table's name (sql::OwnStatements).
constexpr std::string_view kAcquire =
    "update @_owner set node = $1, epoch = case when holder = $2 then epoch else epoch + 1 end, "
    "holder = $2, expires_at = NOW + cast($3 as bigint) "
    "where holder = $2 or expires_at <= NOW OR_IN_ONE_PROCESS returning epoch";
// Undoes its transaction, as expires_at may not be null.
constexpr std::string_view kFence =
    "update @_owner set expires_at = case when epoch = cast($1 as bigint) and holder = $2 then "
    "NOW + cast($3 as bigint) end";
constexpr std::string_view kLoad =
    "select id, sink, target, key, data, options, created_at from (select picked.*, sum(BYTES) over "
    "(order by id rows unbounded preceding) - BYTES as before from (select * from @ where LANE NONE_OF "
    "order by id limit $1) as picked) as entries where before < 8388608 order by id";
constexpr std::string_view kListParked =
    "select id, sink, target, key, substr(data, 1, cast(cast($3 as bigint) as integer)), '', created_at, "
    "reason, parked_at "
    "from @_parked where id > $1 order by id limit $2";
constexpr std::string_view kPark =
    "insert into @_parked (id, sink, target, key, data, options, created_at, parked_at, reason) "
    "select id, sink, target, key, data, options, created_at, NOW, $2 from @ where id = $1 "
    "on conflict (id) do nothing";
constexpr std::string_view kRestore =
    "insert into @ (id, sink, target, key, data, options, created_at) KEEPING_IDS "
    "select id, sink, target, key, data, options, created_at from @_parked where id IS_ONE_OF order by id";
constexpr std::string_view kMeasure =
    "select (select count(*) from (select 1 from @ limit 10000) as waiting), "
    "(select coalesce(max(id) - min(id) + 1, 0) from @), "
    "(select count(*) from (select 1 from @_parked limit 10000) as parked), "
    "(select created_at from @ order by id limit 1), NOW";

constexpr sql::DialectWord kWords[] = {
    {"BYTES", "octet_length(data)", "length(cast(data as blob))"},
    {"LANE", "sink || ' ' || case when key = '' then target else key end",
     "sink || ' ' || case when key = '' then target else key end"},
    {"NONE_OF", "<> all($2::text[])", "not in (select value from json_each($2))"},
    {"KEEPING_IDS", "overriding system value", ""},
    // SQLite's file is locked by its process: who had the lease before is gone.
    {"OR_IN_ONE_PROCESS", "", "or true"},
};

std::int64_t IntegerOf(const sql::Field& field) { return field.AsInteger().value_or(0); }

Entry EntryOf(const sql::Row& row) {
  return {.id = IntegerOf(row[0]),
          .sink = std::string(row[1].text),
          .target = std::string(row[2].text),
          .key = std::string(row[3].text),
          .data = std::string(row[4].text),
          .options = std::string(row[5].text),
          .created_at = WallTime{IntegerOf(row[6])}};
}

class SqlStore final : public Store {
 public:
  SqlStore(sql::Database& database, const std::string& schema)
      : database_(database),
        write_(database.dialect(), sql::OwnTable(database.dialect(), schema, "tidemill_outbox"), kWords),
        holder_(Uuid::Random().ToString()) {}

  Task<Result<std::uint64_t>> Acquire(std::string node, Duration ttl) override;
  Task<Result<>> Release() override;
  Task<Result<Relaying>> FindRelaying() override;
  Task<Result<std::vector<Entry>>> Load(std::size_t count, std::vector<std::string> held) override;
  Task<Result<>> Finish(std::uint64_t epoch, Finished finished) override;
  Task<Result<>> Ring(std::uint64_t epoch, bool rings) override;
  Task<Result<>> Admit(std::uint64_t epoch, std::uint64_t depth_max, bool is_full) override;
  Task<Result<Depth>> Measure() override;
  Task<Result<bool>> IsDeeperThan(std::uint64_t depth) override;
  Task<Result<std::vector<Parked>>> ListParked(std::int64_t after, std::size_t count) override;
  Task<Result<std::vector<std::int64_t>>> ListParkedIds(std::int64_t after, std::size_t count) override;
  Task<Result<std::size_t>> Retry(std::vector<std::int64_t> ids) override;
  Task<Result<std::size_t>> Drop(std::vector<std::int64_t> ids) override;

 private:
  Task<Result<sql::Rows>> Read(sql::Statement statement, sql::Parameters parameters, std::uint64_t rows_max);
  Task<Result<std::size_t>> Change(sql::Statement statement, sql::Parameters parameters);

  sql::Database& database_;
  const sql::OwnStatements write_;
  const std::string holder_;  // of this object alone
  Duration ttl_ = Seconds(5);

  const sql::Statement acquire_ = write_(kAcquire);
  const sql::Statement release_ = write_("update @_owner set expires_at = 0 where holder = $1");
  const sql::Statement find_ = write_("select node, epoch from @_owner where expires_at > NOW");
  const sql::Statement fence_ = write_(kFence);
  const sql::Statement load_ = write_(kLoad);
  const sql::Statement delete_ = write_("delete from @ where id IS_ONE_OF");
  const sql::Statement park_ = write_(kPark);
  const sql::Statement ring_ = write_("update @_owner set asleep = $2 where epoch = $1");
  const sql::Statement admit_ = write_("update @_owner set depth_max = $2, is_full = $3 where epoch = $1");
  const sql::Statement measure_ = write_(kMeasure);
  const sql::Statement is_deeper_ =
      write_("select count(*) from (select 1 from @ limit cast($1 as bigint) + 1) as waiting");
  const sql::Statement list_parked_ = write_(kListParked);
  const sql::Statement list_parked_ids_ =
      write_("select id from @_parked where id > $1 order by id limit $2");
  const sql::Statement clear_full_ = write_("update @_owner set is_full = $1");
  const sql::Statement restore_ = write_(kRestore);
  const sql::Statement drop_ = write_("delete from @_parked where id IS_ONE_OF");
};

Task<Result<sql::Rows>> SqlStore::Read(sql::Statement statement, sql::Parameters parameters,
                                       std::uint64_t rows_max) {
  auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = std::move(statement),
                              .parameters = std::move(parameters),
                              .access = sql::Access::kRead,
                              .limits = {.rows_max = rows_max, .bytes_max = kAnswerBytesMax}}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  co_return std::move(done->rows);
}

Task<Result<std::size_t>> SqlStore::Change(sql::Statement statement, sql::Parameters parameters) {
  const auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = std::move(statement), .parameters = std::move(parameters)}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  co_return done->rows_affected;
}

Task<Result<std::uint64_t>> SqlStore::Acquire(std::string node, Duration ttl) {
  const auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = acquire_, .parameters = {std::move(node), holder_, ttl.ms}}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  if (!done->rows.empty()) {
    ttl_ = ttl;
    co_return static_cast<std::uint64_t>(IntegerOf(done->rows[0][0]));
  }
  TM_CO_TRY_ASSIGN(const Relaying relaying, co_await FindRelaying());
  co_return Fail(Errc::kPermissionDenied, "node " + relaying.node + " relays the outbox");
}

Task<Result<>> SqlStore::Release() {
  TM_CO_TRY(co_await Change(release_, {holder_}));
  co_return {};
}

Task<Result<Relaying>> SqlStore::FindRelaying() {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(find_, {}, 1));
  if (rows.empty()) co_return Relaying{};
  co_return Relaying{.node = std::string(rows[0][0].text),
                     .epoch = static_cast<std::uint64_t>(IntegerOf(rows[0][1]))};
}

Task<Result<std::vector<Entry>>> SqlStore::Load(std::size_t count, std::vector<std::string> held) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await Read(load_, {static_cast<std::int64_t>(count), std::move(held)}, count));
  std::vector<Entry> entries;
  entries.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) entries.push_back(EntryOf(rows[i]));
  co_return entries;
}

Task<Result<>> SqlStore::Finish(std::uint64_t epoch, Finished finished) {
  std::vector<sql::Call> calls;
  calls.push_back({.statement = fence_, .parameters = {static_cast<std::int64_t>(epoch), holder_, ttl_.ms}});
  for (Refusal& refusal : finished.refused) {
    calls.push_back({.statement = park_, .parameters = {refusal.id, std::move(refusal.reason)}});
    finished.sent.push_back(refusal.id);
  }
  if (!finished.sent.empty()) {
    calls.push_back({.statement = delete_, .parameters = {std::move(finished.sent)}});
  }
  const auto done = co_await database_.RunAll(std::move(calls));
  if (done) co_return {};
  const sql::Failure& failure = done.error();
  if (failure.kind == sql::FailureKind::kNotNullViolation && failure.column == "expires_at") {
    co_return Fail(Errc::kPermissionDenied, "another node relays the outbox now");
  }
  co_return std::unexpected(sql::ToError(sql::OfOwnTables(failure)));
}

Task<Result<>> SqlStore::Ring(std::uint64_t epoch, bool rings) {
  if (database_.dialect() == sql::Dialect::kSqlite) co_return {};
  TM_CO_TRY(co_await Change(ring_, {static_cast<std::int64_t>(epoch), rings}));
  co_return {};
}

Task<Result<>> SqlStore::Admit(std::uint64_t epoch, std::uint64_t depth_max, bool is_full) {
  TM_CO_TRY(co_await Change(
      admit_, {static_cast<std::int64_t>(epoch), static_cast<std::int64_t>(depth_max), is_full}));
  co_return {};
}

Task<Result<Depth>> SqlStore::Measure() {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(measure_, {}, 1));
  const sql::Row row = rows[0];
  const auto counted = static_cast<std::uint64_t>(IntegerOf(row[0]));
  Depth depth{.waiting = counted < kExactMax ? counted : static_cast<std::uint64_t>(IntegerOf(row[1])),
              .parked = static_cast<std::uint64_t>(IntegerOf(row[2])),
              .oldest = {},
              .now = WallTime{IntegerOf(row[4])}};
  if (!row[3].is_null()) depth.oldest = WallTime{IntegerOf(row[3])};
  co_return depth;
}

Task<Result<bool>> SqlStore::IsDeeperThan(std::uint64_t depth) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await Read(is_deeper_, {static_cast<std::int64_t>(depth)}, 1));
  co_return IntegerOf(rows[0][0]) > static_cast<std::int64_t>(depth);
}

Task<Result<std::vector<Parked>>> SqlStore::ListParked(std::int64_t after, std::size_t count) {
  TM_CO_TRY_ASSIGN(
      const sql::Rows rows,
      co_await Read(list_parked_,
                    {after, static_cast<std::int64_t>(count), static_cast<std::int64_t>(kDataShown)}, count));
  std::vector<Parked> parked;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    parked.push_back({.entry = EntryOf(rows[i]),
                      .reason = std::string(rows[i][7].text),
                      .parked_at = WallTime{IntegerOf(rows[i][8])}});
  }
  co_return parked;
}

Task<Result<std::vector<std::int64_t>>> SqlStore::ListParkedIds(std::int64_t after, std::size_t count) {
  TM_CO_TRY_ASSIGN(const sql::Rows rows,
                   co_await Read(list_parked_ids_, {after, static_cast<std::int64_t>(count)}, count));
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < rows.size(); ++i) ids.push_back(IntegerOf(rows[i][0]));
  co_return ids;
}

// Nothing that was taken in once is refused now: the next measuring says whether it is full.
Task<Result<std::size_t>> SqlStore::Retry(std::vector<std::int64_t> ids) {
  const auto done =
      sql::OnOwnTables(co_await database_.RunAll({{.statement = clear_full_, .parameters = {false}},
                                                  {.statement = restore_, .parameters = {ids}},
                                                  {.statement = drop_, .parameters = {ids}}}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  co_return done->back().rows_affected;
}

Task<Result<std::size_t>> SqlStore::Drop(std::vector<std::int64_t> ids) {
  co_return co_await Change(drop_, {std::move(ids)});
}

}  // namespace

std::unique_ptr<Store> MakeSqlStore(sql::Database& database, const SqlStoreOptions& options) {
  return std::make_unique<SqlStore>(database, options.postgres_schema);
}

}  // namespace tidemill::outbox
