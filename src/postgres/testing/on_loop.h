// OnLoop: a database over a real server, and a loop driven by hand until a task has its result.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/testing/patience.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "postgres/database/database.h"
#include "postgres/opening/session_opener.h"

namespace tidemill::postgres::testing {

using net::testing::DriveUntil;
using net::testing::RunTask;

inline std::unique_ptr<const SessionOpener> OpenerOf(const std::string& url) {
  auto address = Address::Parse(url, "", {.os_user = "nobody"});
  TM_ASSERT(address);
  OpenOptions options;
  options.address = *std::move(address);
  options.connect_timeout = tidemill::testing::kPatience;
  auto opener = SessionOpener::Make(std::move(options));
  TM_ASSERT(opener);
  return *std::move(opener);
}

// For tests of something else than a timeout: no limit in time that a busy machine could come near.
inline DatabaseOptions PatientOptions() {
  DatabaseOptions options;
  options.io_timeout = tidemill::testing::kPatience;
  options.statement_timeout = tidemill::testing::kPatience;
  options.lock_timeout = tidemill::testing::kPatience;
  options.transaction_idle_max = tidemill::testing::kPatience;
  options.pool.wait_max = tidemill::testing::kPatience;
  return options;
}

struct OnLoop {
  explicit OnLoop(const std::string& url, DatabaseOptions given = PatientOptions())
      : loop(net::testing::OpenLoop()),
        opener(OpenerOf(url)),
        database(MakeDatabase(*loop, *opener, std::move(given), metrics)) {
    TM_ASSERT(DriveUntil(*loop, [&] { return !database->down_since(); }));
  }
  ~OnLoop() {
    database.reset();
    net::testing::RunTurns(*loop);
  }

  sql::Result<sql::RunResult> Run(sql::Call call) { return RunTask(*loop, database->Run(std::move(call))); }
  sql::Result<sql::RunResult> Run(std::string text, sql::Parameters parameters = {}) {
    return Run({.statement = sql::Statement(std::move(text)), .parameters = std::move(parameters)});
  }
  template <class T>
  T Wait(Task<T> task) {
    return RunTask(*loop, std::move(task));
  }

  std::unique_ptr<net::Loop> loop;
  metrics::Registry registry;
  Metrics metrics{registry};
  std::unique_ptr<const SessionOpener> opener;
  std::unique_ptr<Database> database;
};

}  // namespace tidemill::postgres::testing
