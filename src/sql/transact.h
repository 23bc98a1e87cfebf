// Transact: a transaction that is tried again when the database asks for that.
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"
#include "sql/database.h"

namespace tidemill::sql {

struct TransactOptions {
  TransactionOptions transaction;
  std::uint32_t attempts_max = 4;
  Duration pause_first = Milliseconds(4);  // at most so long before the second attempt; then twice that
  Duration pause_max = Milliseconds(200);
};

// Runs `body` in a transaction and commits it. When `body` or the commit fails and MayRetry, all of it runs
// again, so `body` has no effects but those on the transaction it is given. `loop` is the database's. Loop
// thread only.
Task<Result<void>> Transact(net::Loop& loop, Database& database, TransactOptions options,
                            std::function<Task<Result<void>>(Transaction&)> body);

}  // namespace tidemill::sql
