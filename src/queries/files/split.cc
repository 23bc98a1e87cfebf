#include "queries/files/split.h"

#include "base/ascii.h"

namespace tidemill::files {
namespace {

// Follows one statement and knows whether a semicolon ends it.
class Body {
 public:
  explicit Body(sql::Dialect dialect) : sqlite_(dialect == sql::Dialect::kSqlite) {}

  void See(TokenKind kind, std::string_view text) {
    if (kind == TokenKind::kOpen || kind == TokenKind::kOpenBracket) ++depth_;
    if ((kind == TokenKind::kClose || kind == TokenKind::kCloseBracket) && depth_ > 0) --depth_;
    if (kind == TokenKind::kWord && depth_ == 0) {
      SeeWord(ToLower(text));
    } else {
      trigger_ends_ = false;
    }
    after_semicolon_ = kind == TokenKind::kSemicolon;
    ++seen_;
  }

  bool SemicolonEnds() const {
    if (depth_ > 0) return false;
    return sqlite_ ? !trigger_ || trigger_ends_ : blocks_ == 0;
  }

 private:
  void SeeWord(const std::string& word) {
    if (seen_ == 0) create_ = word == "create";
    // create [or replace] function, create [temp] trigger: the kind is among the first four words.
    if (create_ && seen_ < 4) {
      routine_ = routine_ || word == "function" || word == "procedure";
      trigger_ = trigger_ || (sqlite_ && word == "trigger");
    }
    trigger_ends_ = word == "end" && after_semicolon_;
    if (!routine_) return;
    if (word == "begin" || (word == "case" && blocks_ > 0)) ++blocks_;
    if (word == "end" && blocks_ > 0) --blocks_;
  }

  bool sqlite_;
  std::size_t seen_ = 0;  // significant tokens
  std::size_t depth_ = 0;
  std::size_t blocks_ = 0;
  bool create_ = false;
  bool routine_ = false;
  bool trigger_ = false;
  bool trigger_ends_ = false;
  bool after_semicolon_ = false;
};

}  // namespace

std::vector<TokenSpan> Split(std::string_view text, std::span<const Token> tokens, sql::Dialect dialect) {
  std::vector<TokenSpan> statements;
  TokenSpan open;  // nothing in it yet
  Body body(dialect);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto [kind, range] = tokens[i];
    if (!IsSignificant(kind)) continue;
    if (kind == TokenKind::kSemicolon && body.SemicolonEnds()) {
      if (open.end > 0) statements.push_back(open);
      open = {};
      body = Body(dialect);
      continue;
    }
    if (open.end == 0) open.begin = i;
    open.end = i + 1;
    body.See(kind, range.In(text));
  }
  if (open.end > 0) statements.push_back(open);
  return statements;
}

}  // namespace tidemill::files
