// Statements: the SQL that answers a TypedRequest of one endpoint.
//
// Pages, orders and counts wrap the file's statement: "select * from (…) as … order by … limit …". The texts
// are made of the file's, of column names that the file lists, in quotes, and of placeholders; nothing of a
// request becomes part of one. Those that are usual are made once; an order of several columns is made for
// its request, and not kept by the database (sql::Reuse::kOnce).
//
// Immutable; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queries/catalog/endpoint.h"
#include "queries/values/request_reader.h"
#include "sql/database.h"
#include "sql/statement.h"

namespace tidemill::queries {

class Statements {
 public:
  // The error, for the file's author: @page or @sort on a statement that writes, a column that it does not
  // give.
  static std::expected<std::shared_ptr<const Statements>, std::string> Make(
      std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect);

  // What runs, in this order: for each input all statements of the endpoint. Several are one transaction.
  // `limits` are the caller's to set. A page asks for one row more than it may have, which says that another
  // follows.
  std::vector<sql::Call> Calls(const TypedRequest& request) const;
  // How the rows of all pages are counted: kNone if the request does not ask, or if the answer itself tells,
  // because there are no pages; kExact for guesses where the database makes none (SQLite).
  Count CountFor(const TypedRequest& request) const;
  // One row of one column: the number, or for kPlanned a plan (RowsOfPlan). `count` is not kEstimated: that
  // is a plan first, and where it says at most kEstimatedExactMax a count.
  sql::Call CountCall(const TypedRequest& request, Count count) const;
  // All texts that are made once, for a check when the endpoint is described.
  std::vector<sql::Statement> All() const;

 private:
  Statements(std::shared_ptr<const Endpoint> endpoint, sql::Dialect dialect);
  std::expected<void, std::string> Prepare();
  std::expected<void, std::string> PrepareSort();
  sql::Statement Wrapped(const std::string& clauses, sql::Reuse reuse = sql::Reuse::kOften) const;
  std::string Placeholder(std::size_t behind) const;
  std::string OrderBy(const std::vector<SortKey>& sort) const;
  std::string KeysetClauses(bool follows) const;
  std::string PageClause() const;
  sql::Statement RowsStatement(const TypedRequest& request) const;

  const std::shared_ptr<const Endpoint> endpoint_;
  const sql::Dialect dialect_;
  std::vector<std::string> sort_names_;  // of @sort, in quotes
  std::optional<sql::Statement> page_;   // of limit and offset; the first of a keyset
  std::optional<sql::Statement> after_;  // the others of a keyset
  std::vector<sql::Statement> sorted_;   // by one column: ascending, descending
  std::optional<sql::Statement> count_;
  std::optional<sql::Statement> plan_;
};

// The rows that "explain (format json)" expects; nullopt for anything else.
std::optional<std::uint64_t> RowsOfPlan(std::string_view json);

// Up to here count=estimated counts.
inline constexpr std::uint64_t kEstimatedExactMax = 1'000;

}  // namespace tidemill::queries
