// SqlLease: who may write: the lease in the table "owner", and transactions that happen only in its epoch.
//
// Each such transaction begins with a statement that fails when the epoch, the number of the flush or the
// turn is another one, which undoes all of it. The turn is for what was sent and never answered: before it is
// asked what became of it, the turn is taken away from it, so that it cannot happen afterwards.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/store/statements.h"
#include "jobs/store/store.h"
#include "net/loop.h"
#include "net/task.h"
#include "sql/database.h"

namespace tidemill::jobs {

class SqlLease {
 public:
  // All outlive it.
  SqlLease(net::Loop& loop, sql::Database& database, const Statements& statements);

  // As Store's.
  Task<Result<Lease>> Acquire(LeaseRequest request);
  Task<Result<>> Release();
  Task<Result<std::optional<Owner>>> FindOwner();

  // All of `calls` as flush `number` of the epoch. A failure says that nothing has happened, of the kind
  // kPermissionDenied that the epoch is over.
  Task<sql::Result<void>> Run(std::uint64_t epoch, std::uint64_t number, std::vector<sql::Call> calls);
  // The same for one call that is no flush and may be done twice; how many rows it changed. After a failure
  // it may have happened, and will not happen any more.
  Task<sql::Result<std::size_t>> RunRepeatable(std::uint64_t epoch, sql::Call call);

 private:
  sql::Call FenceCall(std::uint64_t epoch, std::uint64_t number) const;
  // How many rows the last call changed.
  Task<sql::Result<std::size_t>> RunFenced(std::uint64_t epoch, std::uint64_t number,
                                           std::vector<sql::Call> calls);
  // The last flush that was kept; nothing that was sent before this can happen after it.
  Task<sql::Result<std::uint64_t>> Settle(std::uint64_t epoch);

  net::Loop& loop_;
  sql::Database& database_;
  const Statements& statements_;
  const std::string holder_;  // of this object alone
  Duration ttl_ = Seconds(10);
  std::uint64_t epoch_ = 0;  // 0: it never had the lease
  std::uint64_t turn_ = 0;
};

}  // namespace tidemill::jobs
