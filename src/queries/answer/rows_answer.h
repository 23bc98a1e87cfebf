// RowsAnswer: takes the rows of a request's statements, in their order, and gives the whole answer.
//
//   const auto answer = std::make_shared<RowsAnswer>(plan, request);
//   const auto summary = co_await database.RunInto(statements.Calls(request).front(), answer);
//   answer->EndCall(summary->rows_affected);   // or, for what RunAll gave: answer->Add(results)
//   http::Response response = answer->Finish({.query = request.query});
//
// One owner at a time; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "queries/answer/answer_plan.h"
#include "queries/answer/body_rows.h"
#include "queries/answer/error_answer.h"
#include "queries/values/request_reader.h"
#include "sql/json.h"
#include "sql/rows.h"

namespace tidemill::queries {

class RowsAnswer final : public sql::RowSink {
 public:
  // `request`: what decides about the answer is copied. `json`: of an earlier answer of the endpoint.
  RowsAnswer(std::shared_ptr<const AnswerPlan> plan, const TypedRequest& request,
             std::shared_ptr<const sql::JsonPlan> json = nullptr);

  void OnColumns(std::shared_ptr<const sql::Columns> columns) override;
  void OnRow(const sql::Row& row) override;
  // The statement whose rows came last is over.
  void EndCall(std::uint64_t rows_affected);
  // All results of Statements::Calls: of the statements of a transaction the last gives the rows.
  void Add(const std::vector<sql::RunResult>& results);
  // The same in pieces, for a loop: a large result takes longer than a turn may. Adds rows until `is_enough`,
  // one at least, and says whether more are left; `at` begins as {}.
  struct Position {
    std::size_t result = 0;
    std::size_t row = 0;
  };
  bool AddSome(const std::vector<sql::RunResult>& results, Position& at,
               const std::function<bool()>& is_enough);
  // Whether Finish would refuse these results of a write, before they are added.
  bool WouldRefuse(const std::vector<sql::RunResult>& results) const;

  struct Ending {
    std::optional<std::uint64_t> count{};  // of the rows of all pages, if they were counted
    Count counted = Count::kNone;          // how: for Preference-Applied
    std::string_view query{};              // of the request: for Link
  };
  // May be an error: no row, not one row, max-affected, an offset behind all rows. A transaction whose answer
  // is over 399 is to be rolled back.
  http::Response Finish(const Ending& ending);

  // For the next answer of the endpoint; null before there were rows.
  std::shared_ptr<const sql::JsonPlan> json() const { return body_ ? body_->plan() : nullptr; }

 private:
  // Of the results of Calls, whether one is of the statement that gives the rows.
  bool GivesRows(std::size_t result) const;
  std::optional<ErrorAnswer> RefuseCounts(std::uint64_t rows, std::uint64_t affected) const;
  std::optional<ErrorAnswer> Refuse(const Ending& ending) const;
  std::optional<ErrorAnswer> RefuseRange(const Ending& ending) const;
  http::Response Whole();
  void AddPageHeaders(const Ending& ending, http::Response& response) const;
  std::string ContentRange(const Ending& ending) const;
  std::string Links(std::string_view query) const;
  std::string Applied(const Ending& ending) const;

  const std::shared_ptr<const AnswerPlan> plan_;
  const bool bulk_;
  const Format format_;
  const Preferences preferences_;
  const std::optional<PageRequest> page_;
  std::unique_ptr<BodyRows> body_;                       // null: of kExec
  std::uint64_t rows_ = 0;                               // of this page
  bool more_ = false;                                    // there is a row behind this page
  std::vector<std::pair<sql::Kind, std::string>> last_;  // the keyset of the page's last row
  std::uint64_t affected_ = 0;
};

// Whether the answer may still be an error when all statements have succeeded: then a write looks at it
// before it commits.
bool MayRefuseAfterwards(const Endpoint& endpoint, const TypedRequest& request);

}  // namespace tidemill::queries
