#include "cli/queries/test_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/json.h"
#include "cli/queries/json_match.h"
#include "queries/files/database_problem.h"
#include "sql/json.h"

namespace tidemill::cli {
namespace {

// What a step gave: rows, a body, or an error.
struct StepResult {
  QueryAnswer answer;
  sql::Rows rows;                         // of a statement
  std::optional<std::uint32_t> position;  // of an error, in the statement
};

// "t", any number but 0, and what pgTAP's functions give: "ok 1 - …".
bool IsTrue(const sql::Field& field) {
  if (field.kind == sql::Kind::kBoolean) return field.text == "t";
  if (field.kind == sql::Kind::kInteger) return field.text != "0";
  return field.text.starts_with("ok ") || field.text == "t" || field.text == "true";
}

std::string WhyNotTrue(const sql::Rows& rows) {
  if (rows.empty()) return "there is no row";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t column = 0; column < rows[i].size(); ++column) {
      const sql::Field field = rows[i][column];
      if (IsTrue(field)) continue;
      return fmt::format("row {}: {} is {}", i + 1, rows.columns()[column].name,
                         field.is_null()     ? "null"
                         : field.text == "f" ? "false"
                                             : std::string(field.text));
    }
  }
  return "";
}

bool IsNoRow(const QueryAnswer& answer) {
  return answer.code == queries::FactsOf(queries::OwnError::kNoRow).code;
}

std::string Said(const QueryAnswer& answer) {
  return answer.code.empty() ? answer.message : fmt::format("{} ({})", answer.message, answer.code);
}

// The rows as a JSON array.
std::string RowsJson(const TestStep& step, const StepResult& result) {
  if (step.statement) return sql::ToJson(result.rows, sql::JsonShape::kArray);
  if (IsNoRow(result.answer) || result.answer.body.empty()) return "[]";
  return result.answer.body.starts_with('[') ? result.answer.body : "[" + result.answer.body + "]";
}

std::size_t CountElements(std::string_view json) {
  std::size_t count = 0;
  JsonReader reader(json);
  reader.EnterArray();
  for (; reader.NextElement(); ++count) (void)reader.ReadRaw();
  return count;
}

bool IsExpectedError(const QueryAnswer& answer, const std::string& wanted) {
  return wanted.empty() || answer.code == wanted || answer.kind == wanted || answer.message.contains(wanted);
}

std::string WhyNotRows(const TestStep& step, const StepResult& result) {
  const std::string actual = RowsJson(step, result);
  const std::string& text = step.expects.text;
  const std::string why = WhyNotJson(text.starts_with('{') ? "[" + text + "]" : text, actual);
  return why.empty() ? "" : why + "\nit gave " + actual;
}

// "": as it was expected.
std::string WhyNot(const TestStep& step, const StepResult& result) {
  const Expectation& expects = step.expects;
  const QueryAnswer& answer = result.answer;
  if (expects.what == Expected::kError) {
    if (!answer.failed()) return "it was to fail, and did not";
    return IsExpectedError(answer, expects.text)
               ? ""
               : fmt::format("it was to fail with {}, and said: {}", expects.text, Said(answer));
  }
  const bool no_row = IsNoRow(answer) && expects.what != Expected::kSuccess;
  if (answer.failed() && !no_row) return Said(answer);
  switch (expects.what) {
    case Expected::kTrue:
      return step.statement ? WhyNotTrue(result.rows) : answer.body == "true" ? "" : "it gave " + answer.body;
    case Expected::kRows: return WhyNotRows(step, result);
    case Expected::kNone:
    case Expected::kCount: {
      const std::string rows = RowsJson(step, result);
      const std::string count = fmt::to_string(CountElements(rows));
      const std::string wanted = expects.what == Expected::kNone ? "0" : expects.text;
      return count == wanted ? "" : fmt::format("it gave {} rows, not {}: {}", count, wanted, rows);
    }
    case Expected::kSuccess:
    case Expected::kError: break;
  }
  return "";
}

class TestRun {
 public:
  TestRun(const TestContext& context, const files::File& file)
      : context_(context), file_(file), script_(ReadTestScript(file.text, context.database.dialect())) {}

  static Task<Result<TestReport>> Go(TestRun& self) {
    TestReport report{.path = self.file_.path, .problems = self.script_.problems};
    if (!report.problems.empty()) co_return report;
    TM_CO_TRY(co_await Begin(self));
    const std::vector<TestStep>& steps = self.script_.steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const StepResult result = co_await Do(self, steps[i]);
      if (auto why = WhyNot(steps[i], result); !why.empty()) {
        report.problems.push_back(self.ProblemOf(steps[i], std::move(why), result));
      } else {
        report.passed += steps[i].expects.what == Expected::kSuccess && steps[i].statement ? 0 : 1;
      }
      if (!result.answer.failed() || IsNoRow(result.answer)) continue;
      const bool goes_on = steps[i].expects.what == Expected::kError;
      if (!goes_on) report.skipped = steps.size() - i - 1;
      if (!goes_on) break;
      TM_CO_TRY(co_await BeginAgain(self, i));
    }
    co_await self.transaction_->Rollback();
    co_return report;
  }

 private:
  static Task<Result<void>> Begin(TestRun& self) {
    auto begun = co_await self.context_.database.Begin({});
    if (!begun) co_return std::unexpected(sql::ToError(begun.error()));
    self.transaction_ = *std::move(begun);
    co_return Result<void>();
  }

  static Task<Result<void>> BeginAgain(TestRun& self, std::size_t failed) {
    co_await self.transaction_->Rollback();
    TM_CO_TRY(co_await Begin(self));
    for (std::size_t i = 0; i < failed; ++i) {
      const TestStep& step = self.script_.steps[i];
      if (step.expects.what != Expected::kError) (void)co_await Do(self, step);
    }
    co_return Result<void>();
  }

  static Task<StepResult> Do(TestRun& self, const TestStep& step) {
    if (!step.statement)
      co_return StepResult{.answer = co_await RunEndpoint(self, step), .rows = {}, .position = {}};
    const sql::Statement statement(step.statement->sql.text,
                                   {.reuse = sql::Reuse::kOnce, .parameter_oids = {}});
    auto done = co_await self.transaction_->Run({.statement = statement});
    if (done) co_return StepResult{.answer = {}, .rows = std::move(done->rows), .position = {}};
    StepResult failed{.answer = ToAnswer(done.error()), .rows = {}, .position = {}};
    if (done.error().position > 0) failed.position = done.error().position;
    co_return failed;
  }

  static Task<QueryAnswer> RunEndpoint(TestRun& self, const TestStep& step) {
    auto endpoint = FindEndpoint(self.context_.catalog, step.endpoint);
    if (!endpoint)
      co_return QueryAnswer{.body = {}, .code = {}, .kind = {}, .message = endpoint.error().detail};
    const auto query = BoundQuery::Make(*std::move(endpoint), self.context_.database.dialect(), step.values);
    if (!query) co_return query.error();
    co_return co_await BoundQuery::Run(*query, *self.transaction_, self.context_.role_claim);
  }

  files::Problem ProblemOf(const TestStep& step, std::string why, const StepResult& result) const {
    const std::size_t first = std::min(why.find('\n'), why.size());
    std::string hint = first < why.size() ? why.substr(first + 1) : "";
    const std::string message = (step.name.empty() ? "" : step.name + " — ") + why.substr(0, first);
    if (step.statement && result.position) {
      return files::DatabaseProblem(file_.text, *step.statement,
                                    files::DatabasePosition{.value = *result.position}, message,
                                    std::move(hint));
    }
    return {.where = step.where, .message = message, .hint = std::move(hint)};
  }

  const TestContext& context_;
  const files::File& file_;
  const TestScript script_;
  std::unique_ptr<sql::Transaction> transaction_;
};

}  // namespace

Task<Result<TestReport>> RunTestFile(const TestContext& context, const files::File& file) {
  TestRun run(context, file);
  co_return co_await TestRun::Go(run);
}

}  // namespace tidemill::cli
