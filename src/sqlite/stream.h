// StreamJob: a result read in pieces, on the thread whose connection stands in it; StreamOnLoop: the loop's
// end of it. KeptStream: the same for a result that is there already.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/loop.h"
#include "net/reply.h"
#include "sql/database.h"
#include "sqlite/connection.h"
#include "sqlite/job.h"
#include "sqlite/session.h"
#include "sqlite/store.h"
#include "sqlite/waiter.h"

namespace tidemill::sqlite {

struct PieceRequest {
  using R = sql::Result<std::optional<sql::Rows>>;

  net::Reply<R>::Sender sender;
  std::shared_ptr<Ticket> ticket;

  void Refuse(const sql::Failure& why) const { sender.Send(std::unexpected(why)); }
};

using StreamSession = Session<PieceRequest>;

struct BegunStream {
  StreamSession::Holder session;
  std::shared_ptr<const sql::Columns> columns;
};

class StreamJob final : public LoneJob {
 public:
  struct Times {
    Duration piece;  // to make one
    Duration idle;   // until the next is asked for
  };
  StreamJob(Waiter<sql::Result<BegunStream>>& waiter, sql::Call call, Times times)
      : LoneJob(waiter.ticket()), sender_(waiter.sender()), call_(std::move(call)), times_(times) {}

  void Serve(Connection& connection, std::stop_token stop) override;
  void Refuse(sql::Failure failure) override { sender_.Send(std::unexpected(std::move(failure))); }
  std::string Name() const override { return call_.statement.text().substr(0, 200); }

 private:
  struct Progress {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    bool at_end = false;  // of the rows
    bool ended = false;   // and this was said
  };
  PieceRequest::R ReadPiece(Connection& connection, Query& query, Progress& progress,
                            const PieceRequest& request) const;

  const net::Reply<sql::Result<BegunStream>>::Sender sender_;
  const sql::Call call_;
  const Times times_;
};

class StreamOnLoop final : public sql::RowStream {
 public:
  StreamOnLoop(net::Loop& loop, Metrics& metrics, BegunStream begun)
      : loop_(loop), metrics_(metrics), begun_(std::move(begun)) {}
  const sql::Columns& columns() const override { return *begun_.columns; }
  Task<sql::Result<std::optional<sql::Rows>>> Next() override;

 private:
  net::Loop& loop_;
  Metrics& metrics_;  // outlives the store
  BegunStream begun_;
  bool ended_ = false;
};

class KeptStream final : public sql::RowStream {
 public:
  explicit KeptStream(sql::Rows rows) : columns_(rows.columns()), rows_(std::move(rows)) {}
  const sql::Columns& columns() const override { return columns_; }
  Task<sql::Result<std::optional<sql::Rows>>> Next() override;

 private:
  const sql::Columns columns_;
  std::optional<sql::Rows> rows_;
};

}  // namespace tidemill::sqlite
