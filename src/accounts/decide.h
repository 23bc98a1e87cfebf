// Decide: a transaction that may come to refuse what it was asked for.
//
// The body reads, decides and writes; a refusal undoes all of it and is not tried again, as a failure of the
// database may be. Loop thread only.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "sql/schema/own_tables.h"
#include "sql/transact.h"

namespace tidemill::accounts {

template <class T>
struct Decision {
  T value{};
  std::optional<Error> refused;

  // What the body gives back then.
  std::unexpected<sql::Failure> Refuse(Errc code, std::string why) {
    refused = Error{code, std::move(why)};
    return sql::Fail(sql::FailureKind::kCancelled, "refused");
  }
};

// `body` is Task<sql::Result<>>(sql::Transaction&, Decision<T>&), and may run several times.
template <class T, class Body>
Task<Result<T>> Decide(net::Loop& loop, sql::Database& database, Body body) {
  Decision<T> decision;
  const auto done = co_await sql::Transact(loop, database, {}, [&](sql::Transaction& transaction) {
    decision = {};
    return body(transaction, decision);
  });
  if (done) co_return std::move(decision.value);
  if (decision.refused) co_return std::unexpected(*std::move(decision.refused));
  co_return std::unexpected(sql::ToError(sql::OfOwnTables(done.error())));
}

}  // namespace tidemill::accounts
