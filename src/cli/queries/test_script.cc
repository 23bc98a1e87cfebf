#include "cli/queries/test_script.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "queries/files/header.h"
#include "queries/files/lexer.h"
#include "queries/files/parse.h"
#include "queries/files/split.h"
#include "queries/files/statement_kind.h"

namespace tidemill::cli {
namespace {

using files::CommentLine;
using files::ProblemKind;
using files::Range;
using files::Token;

constexpr std::array<std::string_view, 4> kQueries = {"select", "values", "table", "with"};
constexpr std::array<std::string_view, 5> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
constexpr std::array<std::string_view, 9> kTransactions = {"begin", "start",     "commit",  "rollback", "end",
                                                           "abort", "savepoint", "release", "prepare"};

bool IsAmong(std::string_view word, const auto& words) {
  return std::ranges::find(words, word) != words.end();
}

// Words with blanks between them; '…' holds blanks, and '' is a quote.
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  bool open = false;  // in a word
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!quoted && IsBlank(c)) {
      open = false;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    if (c != '\'') {
      words.back() += c;
    } else if (quoted && i + 1 < text.size() && text[i + 1] == '\'') {
      words.back() += text[i++];
    } else {
      quoted = !quoted;
    }
  }
  return words;
}

class TestReader {
 public:
  TestReader(std::string_view text, sql::Dialect dialect) : text_(text), dialect_(dialect) {}

  TestScript Run() {
    if (files::CheckText(text_, problems_)) ReadText();
    script_.problems = problems_.Take();
    return std::move(script_);
  }

 private:
  void ReadText() {
    const std::vector<Token> tokens = LexAll();
    std::size_t at = 0;
    for (const files::TokenSpan span : files::Split(text_, tokens, dialect_)) {
      ReadComments(std::span(tokens).subspan(at, span.begin - at));
      AddStatement(std::span(tokens).subspan(span.begin, span.end - span.begin));
      at = span.end;
    }
    ReadComments(std::span(tokens).subspan(at));
    EndRun();
    if (expects_)
      problems_.Add(ProblemKind::kTag, expects_where_, "nothing follows that this is expected of");
    if (script_.steps.empty())
      problems_.Add(ProblemKind::kSyntax, {}, "the file has no statement and no @run");
  }

  // A parameter means nothing here.
  std::vector<Token> LexAll() {
    files::Problems found;
    std::vector<Token> tokens = files::Lex(text_, dialect_, found);
    for (files::Problem& problem : found.Take()) {
      const bool parameter =
          problem.kind == ProblemKind::kParameter ||
          text_.substr(std::min<std::size_t>(problem.where.begin, text_.size())).starts_with(':');
      if (!parameter) problems_.Add(std::move(problem));
    }
    return tokens;
  }

  void ReadComments(std::span<const Token> tokens) {
    for (const Token& token : tokens) {
      if (!files::IsComment(token.kind)) continue;
      for (const CommentLine& line : files::LinesOf(text_, token)) ReadLine(line);
    }
  }

  void ReadLine(const CommentLine& line) {
    const auto tag = files::TagOf(line);
    if (tag && tag->name == "run") return BeginRun(*tag);
    if (tag && tag->name == "expect") return ReadExpectation(*tag);
    if (tag) {
      return problems_.Add(ProblemKind::kTag, tag->where, "unknown tag @" + std::string(tag->name),
                           "a test has two tags: @run and @expect");
    }
    if (ContinuesRows(line)) return;
    if (line.text.empty()) return;
    EndRun();
    if (name_.empty()) name_ = line.text;
  }

  // Rows that are expected may stand on several lines.
  bool ContinuesRows(const CommentLine& line) {
    Expectation* const open = run_ && run_expects_ ? &run_->expects : expects_ ? &*expects_ : nullptr;
    if (open == nullptr || open->what != Expected::kRows || IsJson(open->text)) return false;
    open->text += "\n" + std::string(line.text);
    return true;
  }

  void BeginRun(const files::Tag& tag) {
    EndRun();
    std::vector<std::string> words = WordsOf(tag.value);
    TestStep step{.name = std::exchange(name_, {}), .where = tag.where};
    if (!words.empty()) step.where.end = tag.value_offset + static_cast<std::uint32_t>(tag.value.size());
    if (words.size() > 1 && IsAmong(words.front(), kMethods)) {
      words[1] = words[0] + " " + words[1];
      words.erase(words.begin());
    }
    if (words.empty()) {
      return problems_.Add(ProblemKind::kTag, tag.where, "@run of what?", "@run GET /orders sub=ann");
    }
    step.endpoint = words.front();
    words.erase(words.begin());
    auto values = ParseAssignments(words);
    if (!values) return problems_.Add(ProblemKind::kTag, step.where, values.error().detail);
    step.values = *std::move(values);
    run_ = std::move(step);
    run_expects_ = false;
  }

  void EndRun() {
    if (run_) Finish(*std::exchange(run_, std::nullopt));
  }

  void Finish(TestStep step) {
    if (step.expects.what == Expected::kRows && !IsJson(step.expects.text)) {
      problems_.Add(ProblemKind::kTag, step.where, "what is expected of it is no JSON", step.expects.text);
    }
    script_.steps.push_back(std::move(step));
  }

  void ReadExpectation(const files::Tag& tag) {
    Expectation expects = Parse(tag);
    if (run_ && !run_expects_) {
      run_expects_ = true;
      run_->expects = std::move(expects);
      return;
    }
    EndRun();
    if (expects_)
      return problems_.Add(ProblemKind::kTag, tag.where, "a second @expect of the same statement");
    expects_ = std::move(expects);
    expects_where_ = tag.where;
  }

  Expectation Parse(const files::Tag& tag) {
    const std::string_view value = tag.value;
    const auto rest = [value](std::string_view word) {
      std::string_view text = value.substr(word.size());
      while (text.starts_with(' ')) text.remove_prefix(1);
      return std::string(text);
    };
    if (value == "true") return {.what = Expected::kTrue};
    if (value == "none") return {.what = Expected::kNone};
    if (value == "success") return {.what = Expected::kSuccess};
    if (value.starts_with("[") || value.starts_with("{"))
      return {.what = Expected::kRows, .text = std::string(value)};
    if (value == "error" || value.starts_with("error "))
      return {.what = Expected::kError, .text = rest("error")};
    if (value.starts_with("rows ") && std::ranges::all_of(rest("rows"), IsDigit)) {
      return {.what = Expected::kCount, .text = rest("rows")};
    }
    problems_.Add(ProblemKind::kTag, tag.where, "this cannot be expected",
                  "accepted: true, success, none, rows N, [{…}], error, error CODE");
    return {};
  }

  void AddStatement(std::span<const Token> tokens) {
    EndRun();
    const Range where = {.begin = tokens.front().range.begin, .end = tokens.back().range.end};
    const std::string first = ToLower(tokens.front().range.In(text_));
    if (IsAmong(first, kTransactions)) {
      problems_.Add(ProblemKind::kSyntax, tokens.front().range, "every test file is a transaction of its own",
                    "leave " + first + " out");
    }
    files::QueryStatement statement{.where = where, .writes = files::Writes(text_, tokens)};
    statement.sql.text = where.In(text_);
    statement.sql.positions = files::PositionMap(where.begin);
    TestStep step{.name = std::exchange(name_, {}), .where = where};
    if (expects_) {
      step.expects = *std::exchange(expects_, std::nullopt);
    } else if (!statement.writes && IsAmong(first, kQueries)) {
      step.expects = {.what = Expected::kTrue};
    }
    step.statement = std::move(statement);
    Finish(std::move(step));
  }

  const std::string_view text_;
  const sql::Dialect dialect_;
  files::Problems problems_;
  TestScript script_;
  std::string name_;
  std::optional<TestStep> run_;
  bool run_expects_ = false;
  std::optional<Expectation> expects_;
  Range expects_where_;
};

}  // namespace

TestScript ReadTestScript(std::string_view text, sql::Dialect dialect) {
  return TestReader(text, dialect).Run();
}

}  // namespace tidemill::cli
