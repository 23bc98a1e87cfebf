#include "queries/migrations/script.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/ascii.h"
#include "queries/files/header.h"
#include "queries/files/lexer.h"
#include "queries/files/parse.h"
#include "queries/files/split.h"

namespace tidemill::migrations {
namespace {

using files::CommentLine;
using files::ProblemKind;
using files::Range;
using files::Token;
using files::TokenKind;

constexpr std::array<std::string_view, 9> kTransactions = {"begin", "start",     "commit",  "rollback", "end",
                                                           "abort", "savepoint", "release", "prepare"};
// What sqlx, dbmate and goose write for @no_tx.
constexpr std::array<std::string_view, 3> kNoTransaction = {"no-transaction", "migrate:up transaction:false",
                                                            "+goose NO TRANSACTION"};
constexpr std::array<std::string_view, 2> kDown = {"migrate:down", "+goose Down"};

class ScriptReader {
 public:
  ScriptReader(std::string_view text, sql::Dialect dialect) : text_(text), dialect_(dialect) {}

  Script Run() {
    if (files::CheckText(text_, problems_)) ReadText();
    script_.problems = problems_.Take();
    return std::move(script_);
  }

 private:
  void ReadText() {
    const std::vector<Token> tokens = LexAll();
    const auto first = std::ranges::find_if(tokens, files::IsSignificant, &Token::kind);
    ReadComments(tokens, static_cast<std::size_t>(first - tokens.begin()));
    for (const files::TokenSpan span : files::Split(text_, tokens, dialect_)) {
      AddStatement(std::span(tokens).subspan(span.begin, span.end - span.begin));
    }
    if (script_.statements.empty()) problems_.Add(ProblemKind::kSyntax, {}, "the file has no statement");
    if (!script_.transaction) CheckAlone();
  }

  // What is wrong with a parameter is not wrong here.
  std::vector<Token> LexAll() {
    files::Problems found;
    std::vector<Token> tokens = files::Lex(text_, dialect_, found);
    for (files::Problem& problem : found.Take()) {
      const std::string_view begin = text_.substr(std::min<std::size_t>(problem.where.begin, text_.size()));
      if (problem.kind != ProblemKind::kParameter && !begin.starts_with(':')) {
        problems_.Add(std::move(problem));
      }
    }
    return tokens;
  }

  void ReadComments(const std::vector<Token>& tokens, std::size_t head) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!files::IsComment(tokens[i].kind)) continue;
      for (const CommentLine& line : files::LinesOf(text_, tokens[i])) ReadLine(line, i < head);
    }
  }

  void ReadLine(const CommentLine& line, bool in_head) {
    const Range where = {.begin = line.offset,
                         .end = line.offset + static_cast<std::uint32_t>(line.text.size())};
    if (std::ranges::find(kDown, line.text) != kDown.end()) {
      problems_.Add(ProblemKind::kMigration, where,
                    "migrations go forward only: this part would be applied too",
                    "remove it and what follows");
    }
    const bool foreign = std::ranges::find(kNoTransaction, line.text) != kNoTransaction.end();
    const auto tag = files::TagOf(line);
    if (foreign || (tag && tag->name == "no_tx")) {
      no_tx_ = tag ? tag->where : where;
      script_.transaction = false;
      if (in_head) return;
      problems_.Add(ProblemKind::kTag, *no_tx_, "this tag stands below the beginning of a statement",
                    "it stands above the first one");
    } else if (in_head && tag) {
      problems_.Add(ProblemKind::kTag, tag->where, "unknown tag @" + std::string(tag->name),
                    "a migration has one tag: @no_tx");
    }
  }

  void AddStatement(std::span<const Token> tokens) {
    const Range where = {.begin = tokens.front().range.begin, .end = tokens.back().range.end};
    RefuseTransactions(tokens);
    RefuseSettingsThatStay(tokens);
    files::QueryStatement statement{.where = where, .writes = true};
    statement.sql.text = where.In(text_);
    statement.sql.positions = files::PositionMap(where.begin);
    script_.statements.push_back(std::move(statement));
  }

  void RefuseTransactions(std::span<const Token> tokens) {
    const std::string word = ToLower(tokens.front().range.In(text_));
    if (tokens.front().kind != TokenKind::kWord ||
        std::ranges::find(kTransactions, word) == kTransactions.end())
      return;
    problems_.Add(ProblemKind::kSyntax, tokens.front().range, "every migration is a transaction of its own",
                  "leave " + word + " out");
  }

  // pg_dump begins with select pg_catalog.set_config('search_path', '', false). The connection goes on to
  // serve others.
  void RefuseSettingsThatStay(std::span<const Token> tokens) {
    if (!EqualIgnoringCase(tokens.front().range.In(text_), "select")) return;
    const auto is = [this](std::string_view word) {
      return [this, word](const Token& token) {
        return token.kind == TokenKind::kWord && EqualIgnoringCase(token.range.In(text_), word);
      };
    };
    const auto call = std::ranges::find_if(tokens, is("set_config"));
    if (call == tokens.end() || std::none_of(call, tokens.end(), is("false"))) return;
    problems_.Add(ProblemKind::kSyntax, call->range, "the setting would stay in the connection",
                  "write true instead of false, or: set local");
  }

  void CheckAlone() {
    if (dialect_ == sql::Dialect::kSqlite) {
      problems_.Add(ProblemKind::kTag, *no_tx_, "in SQLite every migration runs in a transaction",
                    "leave it out");
    } else if (script_.statements.size() > 1) {
      problems_.Add(ProblemKind::kContradiction, *no_tx_, "more than one statement without a transaction",
                    "each in a file of its own, so that each is applied whole or not at all");
    }
  }

  const std::string_view text_;
  const sql::Dialect dialect_;
  files::Problems problems_;
  std::optional<Range> no_tx_;
  Script script_;
};

}  // namespace

Script ReadScript(std::string_view text, sql::Dialect dialect) { return ScriptReader(text, dialect).Run(); }

}  // namespace tidemill::migrations
