#include "queries/answer/rows_answer.h"

#include <algorithm>
#include <span>

#include "queries/answer/links.h"
#include "queries/values/cursor.h"

namespace tidemill::queries {
namespace {

using files::RowsShape;

RowsShape ShapeOf(const AnswerPlan& plan) { return plan.endpoint->query->rows; }

}  // namespace

RowsAnswer::RowsAnswer(std::shared_ptr<const AnswerPlan> plan, const TypedRequest& request,
                       std::shared_ptr<const sql::JsonPlan> json)
    : plan_(std::move(plan)),
      bulk_(request.bulk),
      format_(request.format),
      preferences_(request.preferences),
      page_(request.page) {
  if (ShapeOf(*plan_) != RowsShape::kExec) body_ = MakeBodyRows(ShapeOf(*plan_), request, std::move(json));
}

void RowsAnswer::OnColumns(std::shared_ptr<const sql::Columns> columns) {
  if (body_) body_->OnColumns(std::move(columns));
}

void RowsAnswer::OnRow(const sql::Row& row) {
  if (!body_) return;
  if (page_ && rows_ == page_->limit) {
    more_ = true;
    return;
  }
  ++rows_;
  if (page_ && rows_ == page_->limit) {
    for (const std::size_t column : plan_->keyset) last_.emplace_back(row[column].kind, row[column].text);
  }
  body_->OnRow(row);
}

void RowsAnswer::EndCall(std::uint64_t rows_affected) {
  affected_ += rows_affected;
  if (body_) body_->EndRun();
}

bool RowsAnswer::GivesRows(std::size_t result) const {
  return body_ && (result + 1) % plan_->endpoint->statements.size() == 0;
}

void RowsAnswer::Add(const std::vector<sql::RunResult>& results) {
  Position at;
  while (AddSome(results, at, [] { return false; })) {
  }
}

bool RowsAnswer::AddSome(const std::vector<sql::RunResult>& results, Position& at,
                         const std::function<bool()>& is_enough) {
  for (; at.result < results.size(); ++at.result, at.row = 0) {
    const sql::RunResult& result = results[at.result];
    if (!GivesRows(at.result)) {
      affected_ += result.rows_affected;
      continue;
    }
    if (at.row == 0) OnColumns(std::make_shared<const sql::Columns>(result.rows.columns()));
    while (at.row < result.rows.size()) {
      OnRow(result.rows[at.row++]);
      if (is_enough()) return true;
    }
    EndCall(result.rows_affected);
  }
  return false;
}

bool RowsAnswer::WouldRefuse(const std::vector<sql::RunResult>& results) const {
  std::uint64_t rows = 0;
  std::uint64_t affected = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    affected += results[i].rows_affected;
    if (GivesRows(i)) rows += results[i].rows.size();
  }
  return RefuseCounts(rows, affected).has_value();
}

http::Response RowsAnswer::Finish(const Ending& ending) {
  if (const auto refused = Refuse(ending)) return ToResponse(*refused);
  http::Response response = Whole();
  if (page_) AddPageHeaders(ending, response);
  if (const std::string applied = Applied(ending); !applied.empty()) {
    response.headers.emplace_back("Preference-Applied", applied);
  }
  return response;
}

std::optional<ErrorAnswer> RowsAnswer::RefuseCounts(std::uint64_t rows, std::uint64_t affected) const {
  if (preferences_.max_affected && affected > *preferences_.max_affected) {
    return MakeError(OwnError::kMaxAffected, std::to_string(affected) +
                                                 " rows would have been changed, and Prefer: max-affected=" +
                                                 std::to_string(*preferences_.max_affected) + "; none was");
  }
  const RowsShape shape = ShapeOf(*plan_);
  const bool single = shape == RowsShape::kOne || shape == RowsShape::kValue;
  if (single && !bulk_ && rows == 0) return MakeError(OwnError::kNoRow, "there is no such row");
  if (shape == RowsShape::kMany && format_ == Format::kObject && (rows != 1 || more_)) {
    // Clients of PostgREST know this code.
    return ErrorAnswer{.status = 406,
                       .code = "PGRST116",
                       .message = "Cannot coerce the result to a single JSON object",
                       .details = "The result contains " + std::to_string(rows + (more_ ? 1 : 0)) + " rows"};
  }
  return std::nullopt;
}

std::optional<ErrorAnswer> RowsAnswer::Refuse(const Ending& ending) const {
  if (auto refused = RefuseCounts(rows_, affected_)) return refused;
  return RefuseRange(ending);
}

std::optional<ErrorAnswer> RowsAnswer::RefuseRange(const Ending& ending) const {
  if (!page_) return std::nullopt;
  for (const auto& [kind, text] : last_) {
    if (more_ && kind == sql::Kind::kNull) {
      return MakeError(OwnError::kKeysetNull, "a column of the keyset is null, so no page can follow");
    }
  }
  if (!ending.count || !plan_->keyset.empty() || page_->offset <= *ending.count) return std::nullopt;
  ErrorAnswer error = MakeError(OwnError::kRange, "the page begins behind the last row");
  error.details = "An offset of " + std::to_string(page_->offset) + " was requested, but there are only " +
                  std::to_string(*ending.count) + " rows.";
  error.headers.emplace_back("Content-Range", "*/" + std::to_string(*ending.count));
  return error;
}

http::Response RowsAnswer::Whole() {
  if (preferences_.answer == Return::kMinimal && plan_->endpoint->access == sql::Access::kWrite) {
    return {.status = 204};
  }
  http::Response response;
  response.headers.emplace_back("Content-Type", ContentType(format_));
  response.headers.emplace_back("Vary", "Accept, Prefer");
  if (!body_) {
    response.body = "{\"rows_affected\":" + std::to_string(affected_) + "}";
    return response;
  }
  response.body = body_->Finish();
  const bool brackets = ShapeOf(*plan_) == RowsShape::kMany && format_ == Format::kObject;
  if (brackets) response.body = response.body.substr(1, response.body.size() - 2);
  return response;
}

void RowsAnswer::AddPageHeaders(const Ending& ending, http::Response& response) const {
  if (plan_->keyset.empty() || ending.count) {
    response.headers.emplace_back("Content-Range", ContentRange(ending));
  }
  const bool part = plan_->keyset.empty() && ending.count && rows_ < *ending.count;
  if (part && response.status == 200) response.status = 206;
  if (std::string links = Links(ending.query); !links.empty()) {
    response.headers.emplace_back("Link", std::move(links));
  }
}

// "0-24/573", "0-24/*", "*/0": as PostgREST writes it.
std::string RowsAnswer::ContentRange(const Ending& ending) const {
  std::string range = "*";
  if (rows_ > 0 && plan_->keyset.empty()) {
    range = std::to_string(page_->offset) + "-" + std::to_string(page_->offset + rows_ - 1);
  }
  return range + "/" + (ending.count ? std::to_string(*ending.count) : "*");
}

std::string RowsAnswer::Links(std::string_view query) const {
  const std::string limit = std::to_string(page_->limit);
  const std::string kept = KeptQuery(*plan_->endpoint->query, query);
  std::string links;
  if (more_ && plan_->keyset.empty() && page_->limit > 0) {
    links = Link(kept + "limit=" + limit + "&offset=" + std::to_string(page_->offset + page_->limit), "next");
  } else if (more_ && !plan_->keyset.empty() && page_->limit > 0) {
    std::vector<sql::Field> fields;
    for (const auto& [kind, text] : last_) fields.push_back({.kind = kind, .text = text});
    links =
        Link(kept + "limit=" + limit + "&cursor=" + MakeCursor(plan_->cursor_purpose, fields, plan_->dialect),
             "next");
  }
  if (plan_->keyset.empty() && page_->offset > 0 && page_->limit > 0) {
    const std::uint64_t before = page_->offset - std::min(page_->offset, page_->limit);
    links += links.empty() ? "" : ", ";
    links += Link(kept + "limit=" + limit + "&offset=" + std::to_string(before), "prev");
  }
  return links;
}

std::string RowsAnswer::Applied(const Ending& ending) const {
  std::string applied;
  const auto add = [&](std::string preference) {
    applied += (applied.empty() ? "" : ", ") + std::move(preference);
  };
  if (ending.counted != Count::kNone) add("count=" + std::string(Name(ending.counted)));
  if (plan_->endpoint->access == sql::Access::kWrite) {
    if (preferences_.answer == Return::kMinimal) add("return=minimal");
    if (preferences_.answer == Return::kRepresentation) add("return=representation");
    if (preferences_.max_affected) add("max-affected=" + std::to_string(*preferences_.max_affected));
  }
  if (preferences_.strict) add("handling=strict");
  return applied;
}

bool MayRefuseAfterwards(const Endpoint& endpoint, const TypedRequest& request) {
  if (endpoint.access != sql::Access::kWrite) return false;
  const bool single = endpoint.query->rows == RowsShape::kOne || endpoint.query->rows == RowsShape::kValue;
  const bool is_plain = endpoint.statements.size() == 1 && endpoint.query->statements.front().changes_plainly;
  if (single && !request.bulk && !is_plain) return true;
  return request.preferences.max_affected.has_value() ||
         (endpoint.query->rows == RowsShape::kMany && request.format == Format::kObject);
}

}  // namespace tidemill::queries
