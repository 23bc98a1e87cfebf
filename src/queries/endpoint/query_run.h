// RunQuery: asks the database for one request, and makes the whole answer of what it gives; errors too.
//
// It owns all that it uses, so it may outlive its request: in the cache, or because it writes. Destroyed
// while it waits, a read is cancelled. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/task.h"
#include "queries/answer/error_answer.h"
#include "queries/endpoint/served_endpoint.h"
#include "queries/idempotency/idempotency.h"
#include "queries/values/request_reader.h"
#include "sql/database.h"
#include "sql/statement.h"

namespace tidemill::queries {

struct QueryRun {
  std::shared_ptr<const ServedEndpoint> served;
  TypedRequest request;
  std::shared_ptr<const sql::LocalSettings> settings;  // null in SQLite
  MonotonicTime deadline;
  Duration pool_wait;        // for a connection
  std::string query_string;  // of the request: links to other pages keep it
  Asker asker;
  // With an Idempotency-Key: what the write is known by, and when it came; else null and nullopt.
  Idempotency* idempotency = nullptr;
  std::optional<WriteIdentity> write{};
  bool tells_transaction = false;  // a write in PostgreSQL says which transaction it was
  WallTime now{};
};

// What became of a request's statements.
enum class Fate : std::uint8_t {
  kDone,     // all have succeeded, and what they write is committed
  kUndone,   // nothing has happened
  kUnknown,  // a write may have happened, or may happen yet
};

struct QueryAnswer {
  http::Response response;
  Fate fate = Fate::kDone;
  std::string transaction{};  // PostgreSQL's xid8, where it was asked for and has written
};

// Of a write's answer, which live results name when they have it.
inline constexpr std::string_view kTransactionHeader = "Tidemill-Txid";

// What the database failed with is tried again where that does nothing twice: reads and @idempotent.
// `database` is the loop's and outlives it.
Task<QueryAnswer> RunQuery(net::Loop& loop, sql::Database& database, QueryRun run);

// Of a second write with an Idempotency-Key while the first is under way.
ErrorAnswer MakeKeyUnderWay();

// The rows as they arrive, at constant memory: of one statement that only reads. It may last kStreamMax, and
// its first rows are there before `run.deadline`, or it fails. `request` outlives the task.
inline constexpr Duration kStreamMax = Minutes(10);
Task<http::Response> StreamQuery(net::Loop& loop, sql::Database& database, QueryRun run,
                                 const http::Request& request);
// Whether an answer is made so.
bool IsStream(const ServedEndpoint& served, const TypedRequest& request);

}  // namespace tidemill::queries
