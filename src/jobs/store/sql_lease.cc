#include "jobs/store/sql_lease.h"

#include <utility>

#include "base/random.h"
#include "net/backoff.h"
#include "net/sleep.h"
#include "sql/schema/own_tables.h"

namespace tidemill::jobs {
namespace {

constexpr Duration kSettlePauseFirst = Milliseconds(20);
constexpr Duration kSettlePauseMax = Seconds(1);

std::int64_t ToSql(std::uint64_t number) { return static_cast<std::int64_t>(number); }

std::uint64_t NumberOf(sql::Field field) { return static_cast<std::uint64_t>(field.AsInteger().value_or(0)); }

// Nothing else that a flush does to the table can be null.
bool IsFenced(const sql::Failure& failure) {
  return failure.kind == sql::FailureKind::kNotNullViolation && failure.column == "flush";
}

std::unexpected<sql::Failure> EpochIsOver() {
  return sql::Fail(sql::FailureKind::kPermissionDenied, "another node owns the jobs now");
}

}  // namespace

SqlLease::SqlLease(net::Loop& loop, sql::Database& database, const Statements& statements)
    : loop_(loop), database_(database), statements_(statements), holder_(Uuid::Random().ToString()) {}

Task<Result<Lease>> SqlLease::Acquire(LeaseRequest request) {
  const std::int64_t is_first = epoch_ == 0 ? 1 : 0;
  const auto done = sql::OnOwnTables(co_await database_.Run(
      {.statement = statements_.acquire,
       .parameters = {request.node, request.address, holder_, request.ttl.ms, is_first}}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  if (done->rows.empty()) {
    TM_CO_TRY_ASSIGN(const std::optional<Owner> owner, co_await FindOwner());
    co_return Fail(Errc::kPermissionDenied,
                   owner ? "node " + owner->node + " at " + owner->address + " owns the jobs"
                         : "another node owned the jobs a moment ago");
  }
  const Lease lease{.epoch = NumberOf(done->rows[0][0]), .flush = NumberOf(done->rows[0][1])};
  ttl_ = request.ttl;
  if (lease.epoch != epoch_) turn_ = 0;
  epoch_ = lease.epoch;
  co_return lease;
}

Task<Result<>> SqlLease::Release() {
  const auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = statements_.release, .parameters = {holder_, ToSql(epoch_)}}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  co_return {};
}

Task<Result<std::optional<Owner>>> SqlLease::FindOwner() {
  const auto done = sql::OnOwnTables(
      co_await database_.Run({.statement = statements_.find_owner, .access = sql::Access::kRead}));
  if (!done) co_return std::unexpected(sql::ToError(done.error()));
  if (done->rows.empty()) co_return std::nullopt;
  const sql::Row row = done->rows[0];
  co_return Owner{
      .node = std::string(row[0].text), .address = std::string(row[1].text), .epoch = NumberOf(row[2])};
}

Task<sql::Result<void>> SqlLease::Run(std::uint64_t epoch, std::uint64_t number,
                                      std::vector<sql::Call> calls) {
  const auto done = co_await RunFenced(epoch, number, std::move(calls));
  if (done) co_return {};
  sql::Failure failure = done.error();
  if (failure.effect == sql::Effect::kUnknown) {
    TM_CO_TRY_ASSIGN(const std::uint64_t kept, co_await Settle(epoch));
    if (kept == number) co_return {};
    failure.effect = sql::Effect::kNone;
  }
  co_return std::unexpected(std::move(failure));
}

Task<sql::Result<std::size_t>> SqlLease::RunRepeatable(std::uint64_t epoch, sql::Call call) {
  auto done = co_await RunFenced(epoch, 0, {std::move(call)});
  if (!done && done.error().effect == sql::Effect::kUnknown) TM_CO_TRY(co_await Settle(epoch));
  co_return done;
}

sql::Call SqlLease::FenceCall(std::uint64_t epoch, std::uint64_t number) const {
  return {.statement = statements_.fence, .parameters = {ToSql(epoch), ToSql(turn_), ToSql(number), ttl_.ms}};
}

Task<sql::Result<std::size_t>> SqlLease::RunFenced(std::uint64_t epoch, std::uint64_t number,
                                                   std::vector<sql::Call> calls) {
  if (epoch_ == 0 || epoch != epoch_) co_return EpochIsOver();
  calls.insert(calls.begin(), FenceCall(epoch, number));
  const auto done = co_await database_.RunAll(std::move(calls));
  if (done) co_return done->back().rows_affected;
  if (IsFenced(done.error())) co_return EpochIsOver();
  co_return std::unexpected(sql::OfOwnTables(done.error()));
}

Task<sql::Result<std::uint64_t>> SqlLease::Settle(std::uint64_t epoch) {
  net::Backoff backoff(kSettlePauseFirst, kSettlePauseMax);
  for (;;) {
    ++turn_;
    const auto done =
        co_await database_.Run({.statement = statements_.settle, .parameters = {ToSql(epoch), ToSql(turn_)}});
    if (done && done->rows.empty()) co_return EpochIsOver();
    if (done) co_return NumberOf(done->rows[0][0]);
    co_await net::Sleep(loop_, backoff.Next());
  }
}

}  // namespace tidemill::jobs
