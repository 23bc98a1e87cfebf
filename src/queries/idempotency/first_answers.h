// FirstAnswers: the answers to writes with an Idempotency-Key, kept in the transaction of the write itself:
// whoever repeats it gets the first answer, and a crash between the commit and the answer changes nothing.
//
//   begin; Find (an answer: end it, give that); the write; Keep; commit
//
// Two transactions of the same identity exclude each other: in Postgres by an advisory lock, in SQLite
// because there is one writer. Immutable; one for all loops. Tasks: loop thread of the transaction; the
// object and the transaction outlive them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"
#include "net/task.h"
#include "queries/idempotency/key.h"
#include "sql/database.h"

namespace tidemill::queries {

struct FirstAnswer {
  enum class State : std::uint8_t {
    kNone,      // this is the first: go on
    kThere,     // `response`
    kOther,     // the key came with another request
    kUnderWay,  // another node runs the first
  };
  State state = State::kNone;
  http::Response response{};
};

class FirstAnswers {
 public:
  // Of one answer, as it is kept.
  static constexpr std::size_t kBytesMax = 1u << 20;

  struct Options {
    sql::Dialect dialect = sql::Dialect::kSqlite;
    std::string postgres_schema = "tidemill";  // storage.postgres.schema
    Duration kept_for = Hours(24);
  };
  explicit FirstAnswers(Options options);

  // The first thing of a transaction, as the role that owns our tables. kNotReady, of all three: the table
  // cannot be used.
  Task<sql::Result<FirstAnswer>> Find(sql::Transaction& transaction, WriteIdentity write, WallTime now) const;
  // The last thing before its commit. In Postgres it runs what is deferred, and ends a role that was set for
  // the transaction.
  // kLimitExceeded: the answer is over kBytesMax; the transaction is to be rolled back.
  Task<sql::Result<void>> Keep(sql::Transaction& transaction, WriteIdentity write, http::Response response,
                               WallTime now) const;
  // What has expired, at most `rows_max` of them; gives how many there were.
  Task<sql::Result<std::uint64_t>> DeleteExpired(sql::Database& database, WallTime now,
                                                 std::int64_t rows_max) const;

 private:
  const Options options_;
  const sql::Statement lock_;
  const sql::Statement find_;
  const sql::Statement check_constraints_;
  const sql::Statement end_role_;
  const sql::Statement keep_;
  const sql::Statement delete_expired_;
};

}  // namespace tidemill::queries
