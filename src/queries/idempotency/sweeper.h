// IdempotencySweeper: deletes kept answers that have expired, a few at a time, for one database. Every node
// runs one, on one loop: what another has deleted is not there.
//
// Loop thread only.
#pragma once

#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "queries/idempotency/first_answers.h"
#include "queries/idempotency/metrics.h"
#include "sql/database.h"

namespace tidemill::queries {

class IdempotencySweeper {
 public:
  // Begins at once. All outlive it.
  IdempotencySweeper(net::Loop& loop, sql::Database& database, const FirstAnswers& answers,
                     IdempotencyMetrics& metrics);

 private:
  Task<void> Sweep();

  net::Loop& loop_;
  sql::Database& database_;
  const FirstAnswers& answers_;
  IdempotencyMetrics& metrics_;
  TaskScope scope_;  // last: its task refers to all above
};

}  // namespace tidemill::queries
