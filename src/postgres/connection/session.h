// Session: a connection with what is known of it: the statements that are prepared, and how to ask several
// things in one segment.
//
// Loop thread only. The owner destroys it through Loop::Retire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "net/task.h"
#include "postgres/connection/ask.h"
#include "postgres/connection/connection.h"
#include "postgres/metrics.h"
#include "postgres/settings.h"
#include "postgres/statements/prepared.h"
#include "postgres/statements/slowness.h"
#include "postgres/types/type_catalog.h"

namespace tidemill::postgres {

struct SessionOptions {
  ConnectionOptions connection;
  LimitSettings limits;
  Duration lock_timeout{};          // 0: none
  Duration transaction_idle_max{};  // 0: none
  std::size_t prepared_max = 250;
};

// What all sessions of a database on one loop share.
struct SessionShared {
  const SessionOpener& opener;
  TypeCatalog& catalog;
  Metrics& metrics;
  Slowness* slowness = nullptr;  // is told of what holds up others; null: nobody is
};

class Session final : public net::Retirable {
 public:
  // Opens one and gives it the settings that we rely on. Failures as SessionOpener::Open.
  static Task<sql::Result<std::unique_ptr<Session>>> Open(net::Loop& loop, SessionShared shared,
                                                          SessionOptions options);
  ~Session() override;

  // The answers to all calls, or the first failure.
  // `ask` must outlive the task.
  Task<sql::Result<Answers>> Execute(const Ask& ask);
  // Types of parameters and columns. What is known of the database's own types is looked up anew: an enum may
  // have got another label since.
  Task<sql::Result<Described>> Describe(sql::Statement statement, std::optional<MonotonicTime> deadline);
  // ROLLBACK, or what else it takes until nothing is open; false: the connection has ended.
  Task<bool> Clean();
  // How long what was asked last ran; negative: its end was not seen.
  std::int64_t last_run_us() const { return last_run_us_; }
  // What was asked last held up others; the slowness of its statements has been told.
  bool last_stalled() const { return last_stalled_; }
  // What was answered last has failed only because the connection stood still: it read, has given nothing,
  // and may be asked again on another one.
  bool last_may_move() const { return last_may_move_; }

  // Something between us and the server lends its connections out for one transaction each: nothing can be
  // left in the session.
  bool is_pooled() const { return pooled_; }
  Connection& connection() { return *connection_; }
  net::Loop& loop() { return loop_; }
  Prepared& prepared() { return prepared_; }
  const SessionOptions& options() const { return options_; }
  TypeCatalog& catalog() { return shared_.catalog; }
  Metrics& metrics() { return shared_.metrics; }
  Slowness* slowness() { return shared_.slowness; }
  SegmentWriter& writer() { return writer_; }
  // The statement that makes a transaction read only is prepared.
  bool has_read_only() const { return has_read_only_; }
  void SetHasReadOnly(bool has) { has_read_only_ = has; }

  Task<sql::Result<void>> LookUp(std::vector<std::uint32_t> oids);
  void OnRetire() override;

 private:
  Session(net::Loop& loop, SessionShared shared, SessionOptions options, OpenedSession opened);
  Task<sql::Result<void>> SetUp();
  Task<sql::Result<Described>> DescribeOnce(sql::Statement statement, std::optional<MonotonicTime> deadline,
                                            bool& was_hit);
  void NoteFailure(const Ask& ask, const sql::Failure& failure);

  net::Loop& loop_;
  const SessionShared shared_;
  const SessionOptions options_;
  std::unique_ptr<Connection> connection_;
  Prepared prepared_;
  SegmentWriter writer_;
  std::int64_t last_run_us_ = 0;
  bool last_stalled_ = false;
  bool last_may_move_ = false;
  bool pooled_ = false;
  bool has_read_only_ = false;
};

}  // namespace tidemill::postgres
