#include "sqlite/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace tidemill::sqlite {
namespace {

using sql::FailureKind;

constexpr std::uint64_t kPieceBytes = 64 * 1024;  // a piece ends with the row that reaches it
constexpr std::uint64_t kPieceRows = 500;
constexpr std::uint64_t kRowBytesMax = std::uint64_t{2} << 30;

sql::Failure StreamOver() {
  return {.kind = FailureKind::kInvalidStatement, .message = "the stream has ended"};
}

std::uint64_t OrAny(std::uint64_t limit) {
  return limit > 0 ? limit : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

void StreamJob::Serve(Connection& connection, std::stop_token stop) {
  auto query = connection.Prepare(call_.statement);
  if (!query) return Refuse(query.error());
  if (const auto fits = connection.CheckCall(call_, *query); !fits) return Refuse(fits.error());
  for (std::size_t i = 0; i < call_.parameters.size(); ++i) {
    query->BindParameter(static_cast<int>(i) + 1, call_.parameters[i]);
  }
  const auto session = std::make_shared<StreamSession>();
  sender_.Send(BegunStream{.session = StreamSession::Holder(session), .columns = query->Columns()});
  Progress progress;
  const MonotonicTime forever{std::numeric_limits<std::int64_t>::max()};
  while (!progress.ended) {
    const MonotonicTime idle_until = SystemClock().Now() + times_.idle;
    auto request = session->Next(stop, std::min(idle_until, call_.limits.deadline.value_or(forever)));
    if (!request) {
      const bool stops = stop.stop_requested();
      query->Reset();
      return session->End(
          stops
              ? sql::Failure{.kind = FailureKind::kUnavailable, .message = "the server stops"}
              : sql::Failure{.kind = FailureKind::kTimeout,
                             .message = "the stream was ended: its deadline passed, or nothing was read for "
                                        "storage.sqlite.transaction_idle_timeout"});
    }
    auto piece = ReadPiece(connection, *query, progress, *request);
    if (!piece) progress.ended = true;
    request->sender.Send(std::move(piece));
  }
  query->Reset();
  session->End(StreamOver());
}

PieceRequest::R StreamJob::ReadPiece(Connection& connection, Query& query, Progress& progress,
                                     const PieceRequest& request) const {
  const MonotonicTime latest = SystemClock().Now() + times_.piece;
  const Connection::StopScope scope(connection,
                                    {.deadline = std::min(call_.limits.deadline.value_or(latest), latest),
                                     .cancelled = &request.ticket->cancelled()});
  RowBuffer buffer;
  std::optional<sql::Rows> piece;
  progress.ended = progress.at_end;
  while (!progress.at_end && (!piece || (piece->bytes() < kPieceBytes && piece->size() < kPieceRows))) {
    TM_TRY_ASSIGN(const bool is_row, query.Step());
    if (!is_row) {
      progress.at_end = true;
      progress.ended = !piece;  // else the next piece says that there is no more
      break;
    }
    if (!piece) piece.emplace(query.Columns());
    const std::optional<sql::Row> row = buffer.Read(query.handle(), kRowBytesMax);
    if (!row) return sql::Fail(FailureKind::kLimitExceeded, "a row is too long");
    progress.bytes += buffer.bytes();
    if (++progress.rows > OrAny(call_.limits.rows_max)) {
      return sql::Fail(FailureKind::kLimitExceeded,
                       fmt::format("the result has more than {} rows", call_.limits.rows_max));
    }
    if (progress.bytes > OrAny(call_.limits.bytes_max)) {
      return sql::Fail(FailureKind::kLimitExceeded,
                       fmt::format("the result has more than {} bytes", call_.limits.bytes_max));
    }
    piece->Append(*row);
  }
  return piece;
}

Task<sql::Result<std::optional<sql::Rows>>> StreamOnLoop::Next() {
  if (ended_) co_return std::nullopt;
  Waiter<PieceRequest::R> waiter(loop_, std::nullopt);
  begun_.session->Post({.sender = waiter.sender(), .ticket = waiter.ticket()});
  auto piece = co_await waiter.reply();
  if (!piece) metrics_.CountFailure(piece.error().kind);
  ended_ = piece && !*piece;
  co_return piece;
}

Task<sql::Result<std::optional<sql::Rows>>> KeptStream::Next() {
  if (rows_ && rows_->empty()) rows_.reset();
  co_return std::exchange(rows_, std::nullopt);
}

}  // namespace tidemill::sqlite
