// BoundQuery: an endpoint with values for its parameters, as a command or a test gives them: "name=value".
//
// The values are read as a request's are, so that what is refused there is refused here in the same words.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "queries/answer/answer_plan.h"
#include "queries/answer/error_answer.h"
#include "queries/catalog/catalog.h"
#include "queries/values/request_reader.h"
#include "queries/values/statements.h"
#include "sql/database.h"

namespace tidemill::cli {

using Assignments = std::vector<std::pair<std::string, std::string>>;

// kInvalidArgument: a word without "=".
Result<Assignments> ParseAssignments(const std::vector<std::string>& words);

// By its operation id ("get_orders"), its route ("GET /orders/{id}"), or the file that has no other.
// kNotFound names the nearest; kRefused: it is broken, and why.
Result<std::shared_ptr<const queries::Endpoint>> FindEndpoint(const queries::Catalog& catalog,
                                                              std::string_view name);

// What a query gave: the body of a response, or what went wrong.
struct QueryAnswer {
  std::string body;
  std::string code;  // of an error: SQLSTATE, SQLite's, or ours; "": there is none
  std::string kind;  // of an error of the database: "check_violation"
  std::string message;
  bool failed() const { return !code.empty() || !message.empty(); }
};

class BoundQuery {
 public:
  // `assignments`: parameters, limit, offset, cursor and sort as in a request, and "claims.NAME". The error
  // is what a client would be told.
  static std::expected<BoundQuery, QueryAnswer> Make(std::shared_ptr<const queries::Endpoint> endpoint,
                                                     sql::Dialect dialect, const Assignments& assignments);

  const queries::Endpoint& endpoint() const { return *endpoint_; }
  std::vector<sql::Call> Calls() const { return statements_->Calls(request_); }
  // Runs all of it, with the claims in force; `role_claim` names the one that is the role.
  static Task<QueryAnswer> Run(const BoundQuery& query, sql::Transaction& transaction,
                               std::string role_claim);
  // Postgres: the claims and the role, for the rest of the transaction.
  static Task<sql::Result<void>> SetClaims(const BoundQuery& query, sql::Transaction& transaction,
                                           std::string role_claim);

 private:
  std::shared_ptr<const queries::Endpoint> endpoint_;
  sql::Dialect dialect_ = sql::Dialect::kSqlite;
  std::shared_ptr<const queries::Statements> statements_;
  std::shared_ptr<const queries::AnswerPlan> plan_;
  queries::TypedRequest request_;
  std::string claims_;  // a JSON object
};

QueryAnswer ToAnswer(const sql::Failure& failure);

}  // namespace tidemill::cli
