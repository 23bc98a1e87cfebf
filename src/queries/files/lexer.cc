#include "queries/files/lexer.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/ascii.h"
#include "queries/files/quoted.h"

namespace tidemill::files {
namespace {

using sql::Dialect;

constexpr bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
constexpr bool IsNameStart(char c) {
  return IsLetter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c) || c == '$'; }
constexpr bool IsParameterStart(char c) { return IsLetter(c) || c == '_'; }
constexpr bool IsParameterPart(char c) { return IsParameterStart(c) || IsDigit(c); }
constexpr bool IsOperator(char c) { return std::string_view("+-*/<>=~!@#%^&|`?").contains(c); }

// In a subscript a parameter may stand behind these: what they end is no bound.
bool IsPrefixWord(std::string_view word) {
  constexpr std::string_view kWords[] = {"case", "when", "then", "else", "and",      "or",
                                         "not",  "in",   "is",   "like", "distinct", "from"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [word](std::string_view known) { return EqualIgnoringCase(word, known); });
}

struct Bracket {
  char open = '(';
  std::uint32_t at = 0;
  bool constructor = false;  // ARRAY[…] and what nests in it
  bool slice = false;        // its colon has come
};

class Lexer {
 public:
  Lexer(std::string_view text, Dialect dialect, Problems& problems)
      : text_(text), sqlite_(dialect == Dialect::kSqlite), problems_(problems) {}

  std::vector<Token> Run() {
    while (at_ < text_.size()) {
      begin_ = static_cast<std::uint32_t>(at_);
      const TokenKind kind = Next();
      tokens_.push_back({.kind = kind, .range = Here()});
      if (IsSignificant(kind)) previous_ = tokens_.back();
    }
    for (const Bracket& bracket : brackets_) {
      Report({.begin = bracket.at, .end = bracket.at + 1},
             std::string("this ") + bracket.open + " is never closed");
    }
    return std::move(tokens_);
  }

 private:
  Range Here() const { return {.begin = begin_, .end = static_cast<std::uint32_t>(at_)}; }
  char Peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool At(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  void Report(Range where, std::string message, std::string hint = {}) {
    problems_.Add(ProblemKind::kSyntax, where, std::move(message), std::move(hint));
  }
  TokenKind Take(std::size_t bytes, TokenKind kind) {
    at_ += bytes;
    return kind;
  }
  template <class Predicate>
  void TakeWhile(Predicate predicate) {
    while (at_ < text_.size() && predicate(text_[at_])) ++at_;
  }

  TokenKind Next();
  TokenKind Spaces() {
    TakeWhile(IsSpace);
    return TokenKind::kSpace;
  }
  TokenKind LineComment() {
    // In Postgres a carriage return ends it too.
    at_ = std::min(text_.find_first_of(sqlite_ ? "\n" : "\r\n", at_), text_.size());
    return TokenKind::kLineComment;
  }
  TokenKind BlockComment();
  TokenKind Quoted(std::size_t prefix, QuoteRules rules, TokenKind kind);
  std::optional<TokenKind> PrefixedQuote();
  TokenKind Word();
  TokenKind Number();
  TokenKind Dollar();
  TokenKind Placeholder(std::size_t bytes);
  TokenKind Operator();
  TokenKind Open(char open);
  TokenKind Close(char close);
  TokenKind Colon();
  TokenKind ColonBeforeName();
  TokenKind Parameter();
  bool FollowsOperand() const;
  bool SeparatesBounds() const;

  const std::string_view text_;
  const bool sqlite_;
  Problems& problems_;
  std::size_t at_ = 0;
  std::uint32_t begin_ = 0;                    // of the token at hand
  Token previous_{.kind = TokenKind::kSpace};  // the last significant one; a space: none yet
  std::vector<Bracket> brackets_;
  bool nesting_reported_ = false;
  std::vector<Token> tokens_;
};

TokenKind Lexer::Next() {
  const char c = Peek();
  if (IsSpace(c)) return Spaces();
  if (At("--")) return LineComment();
  if (At("/*")) return BlockComment();
  if (c == '\'') return Quoted(0, QuoteRules{.quote = '\''}, TokenKind::kString);
  if (c == '"') return Quoted(0, QuoteRules{.quote = '"'}, TokenKind::kQuotedName);
  if (const auto quoted = PrefixedQuote()) return *quoted;
  if (IsNameStart(c)) return Word();
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
  switch (c) {
    case '(':
    case '[': return Open(c);
    case ')':
    case ']': return Close(c);
    case ',': return Take(1, TokenKind::kComma);
    case ';': return Take(1, TokenKind::kSemicolon);
    case '.': return Take(1, TokenKind::kDot);
    case ':': return Colon();
    case '$': return Dollar();
    default: break;
  }
  return IsOperator(c) ? Operator() : Take(1, TokenKind::kOther);
}

TokenKind Lexer::BlockComment() {
  const auto end = EndOfBlockComment(text_, at_, sqlite_ ? NestedComments::kNo : NestedComments::kYes);
  at_ = end.at;
  if (!end.closed) {
    Report({.begin = begin_, .end = begin_ + 2}, "this comment is never closed",
           sqlite_ ? "" : "Postgres' comments nest: each /* needs its own */");
  }
  return TokenKind::kBlockComment;
}

TokenKind Lexer::Quoted(std::size_t prefix, QuoteRules rules, TokenKind kind) {
  const auto opened = static_cast<std::uint32_t>(at_ + prefix);
  const auto end = EndOfQuoted(text_, opened, rules);
  at_ = end.at;
  if (!end.closed) {
    Report({.begin = opened, .end = opened + 1},
           kind == TokenKind::kString ? "this text is never closed" : "this quoted name is never closed");
  }
  return kind;
}

// What begins like a word, or like an operator, and is quoted.
std::optional<TokenKind> Lexer::PrefixedQuote() {
  const char c = ToLower(Peek());
  if (sqlite_) {
    if (c == '`') return Quoted(0, QuoteRules{.quote = '`'}, TokenKind::kQuotedName);
    if (c == '[') return Quoted(0, QuoteRules{.quote = ']', .doubled = false}, TokenKind::kQuotedName);
    if (c == 'x' && Peek(1) == '\'') return Quoted(1, QuoteRules{.quote = '\''}, TokenKind::kString);
    return std::nullopt;
  }
  if (c == 'e' && Peek(1) == '\'') {
    return Quoted(1, QuoteRules{.quote = '\'', .backslashes = true}, TokenKind::kString);
  }
  if ((c == 'b' || c == 'x' || c == 'n') && Peek(1) == '\'') {
    return Quoted(1, QuoteRules{.quote = '\''}, TokenKind::kString);
  }
  if (c == 'u' && Peek(1) == '&' && (Peek(2) == '\'' || Peek(2) == '"')) {
    const char quote = Peek(2);
    return Quoted(2, QuoteRules{.quote = quote}, quote == '"' ? TokenKind::kQuotedName : TokenKind::kString);
  }
  return std::nullopt;
}

TokenKind Lexer::Word() {
  TakeWhile(IsNamePart);
  return TokenKind::kWord;
}

TokenKind Lexer::Number() {
  const bool radix = Peek() == '0' && IsLetter(Peek(1)) && ToLower(Peek(1)) != 'e';
  const auto digits = [this] { TakeWhile([](char c) { return IsDigit(c) || IsLetter(c) || c == '_'; }); };
  digits();
  if (!radix && Peek() == '.' && Peek(1) != '.') {
    ++at_;
    digits();
  }
  const bool exponent = !radix && ToLower(text_[at_ - 1]) == 'e' && (Peek() == '+' || Peek() == '-');
  if (exponent && IsDigit(Peek(1))) {
    ++at_;
    digits();
  }
  return TokenKind::kNumber;
}

TokenKind Lexer::Dollar() {
  std::size_t name = 1;
  while (IsNamePart(Peek(name)) && Peek(name) != '$') ++name;
  if (sqlite_ && name > 1) return Placeholder(name);
  if (!sqlite_ && Peek(name) == '$' && !IsDigit(Peek(1))) {
    const std::string_view tag = text_.substr(at_, name + 1);
    const std::size_t end = text_.find(tag, at_ + tag.size());
    if (end == std::string_view::npos) {
      Report({.begin = begin_, .end = static_cast<std::uint32_t>(begin_ + tag.size())},
             "this text is never closed", "it ends with the next " + std::string(tag));
      return Take(text_.size() - at_, TokenKind::kDollarString);
    }
    return Take(end + tag.size() - at_, TokenKind::kDollarString);
  }
  if (IsDigit(Peek(1))) return Placeholder(name);
  // Before the number of a parameter it would begin a dollar quote: $:a, $$1.
  ++at_;
  Report(Here(), "this $ begins nothing");
  return TokenKind::kOther;
}

TokenKind Lexer::Placeholder(std::size_t bytes) {
  at_ += bytes;
  problems_.Add(ProblemKind::kParameter, Here(),
                "parameters have names: " + std::string(Here().In(text_)) + " is the database's own form",
                "write :name");
  return TokenKind::kPlaceholder;
}

TokenKind Lexer::Operator() {
  if (!sqlite_) {
    do {
      ++at_;
    } while (IsOperator(Peek()) && !At("--") && !At("/*"));
    return TokenKind::kOperator;
  }
  if (Peek() == '?' || ((Peek() == '@' || Peek() == '#') && IsNamePart(Peek(1)))) {
    std::size_t bytes = 1;
    while (IsNamePart(Peek(bytes))) ++bytes;
    return Placeholder(bytes);
  }
  return Take(1, TokenKind::kOperator);
}

TokenKind Lexer::Open(char open) {
  ++at_;
  if (brackets_.size() == LexLimits::kNesting) {
    if (!nesting_reported_) {
      problems_.Add(ProblemKind::kLimit, Here(),
                    "more than " + std::to_string(LexLimits::kNesting) + " brackets within each other");
    }
    nesting_reported_ = true;
    return open == '(' ? TokenKind::kOpen : TokenKind::kOpenBracket;
  }
  Bracket bracket{.open = open, .at = begin_};
  if (open == '[') {
    const bool nested = !brackets_.empty() && brackets_.back().constructor;
    bracket.constructor =
        (previous_.kind == TokenKind::kWord && EqualIgnoringCase(previous_.range.In(text_), "array")) ||
        (nested && (previous_.kind == TokenKind::kOpenBracket || previous_.kind == TokenKind::kComma));
  }
  brackets_.push_back(bracket);
  return open == '(' ? TokenKind::kOpen : TokenKind::kOpenBracket;
}

TokenKind Lexer::Close(char close) {
  ++at_;
  const TokenKind kind = close == ')' ? TokenKind::kClose : TokenKind::kCloseBracket;
  const char open = close == ')' ? '(' : '[';
  if (!brackets_.empty() && brackets_.back().open == open) {
    brackets_.pop_back();
  } else if (!nesting_reported_) {
    Report(Here(), std::string("this ") + close + " closes nothing");
  }
  return kind;
}

// Behind what a name or a value cannot follow: a colon belongs to the grammar there.
bool Lexer::FollowsOperand() const {
  switch (previous_.kind) {
    case TokenKind::kString:
    case TokenKind::kDollarString:
    case TokenKind::kNumber:
    case TokenKind::kClose:
    case TokenKind::kCloseBracket:
    case TokenKind::kParameter:
    case TokenKind::kPlaceholder: return true;
    default: return false;
  }
}

// The first colon of a subscript, behind its lower bound or in place of it.
bool Lexer::SeparatesBounds() const {
  if (brackets_.empty() || brackets_.back().open != '[' || brackets_.back().constructor) return false;
  if (brackets_.back().slice) return false;
  if (previous_.kind == TokenKind::kOpenBracket || previous_.kind == TokenKind::kQuotedName) return true;
  if (previous_.kind != TokenKind::kWord) return FollowsOperand();
  return !IsPrefixWord(previous_.range.In(text_));
}

TokenKind Lexer::Colon() {
  if (sqlite_) return IsParameterStart(Peek(1)) ? Parameter() : ColonBeforeName();
  if (At("::")) return Take(2, TokenKind::kCast);
  if (At(":=")) return Take(2, TokenKind::kAssign);
  if (SeparatesBounds()) {
    brackets_.back().slice = true;
    return Take(1, TokenKind::kColon);
  }
  if (FollowsOperand()) return Take(1, TokenKind::kColon);
  return IsParameterStart(Peek(1)) ? Parameter() : ColonBeforeName();
}

// What is no parameter, and often was meant as one.
TokenKind Lexer::ColonBeforeName() {
  const char next = Peek(1);
  if (sqlite_ && next == ':') {
    at_ += 2;
    Report(Here(), ":: is no operator of SQLite", "write cast(:name as integer)");
    return TokenKind::kOther;
  }
  if (next == '\'' || next == '"') {
    at_ += 1;
    Report(Here(), "psql's quoted variables are not known here", "write :name; it is bound, never pasted");
    return TokenKind::kOther;
  }
  if (IsNamePart(next)) {
    ++at_;
    TakeWhile(IsNamePart);
    problems_.Add(ProblemKind::kParameter, Here(),
                  std::string(Here().In(text_)) + " is no name of a parameter",
                  "a letter or _, then letters, digits and _ of ASCII");
    return TokenKind::kOther;
  }
  return Take(1, TokenKind::kColon);
}

TokenKind Lexer::Parameter() {
  const bool touches = (previous_.kind == TokenKind::kWord || previous_.kind == TokenKind::kQuotedName) &&
                       previous_.range.end == begin_;
  ++at_;
  TakeWhile(IsParameterPart);
  if (touches) {
    // "x$1" would be a name to Postgres.
    Report(Here(), "a parameter must not touch the word before it",
           "write a space before it; a JSON key and its value are key : value, with spaces");
    return TokenKind::kOther;
  }
  if (IsNamePart(Peek())) {
    TakeWhile(IsNamePart);
    problems_.Add(ProblemKind::kParameter, Here(),
                  std::string(Here().In(text_)) + " is no name of a parameter",
                  "a letter or _, then letters, digits and _ of ASCII");
    return TokenKind::kOther;
  }
  if (Here().size() > LexLimits::kParameterNameBytes + 1) {
    problems_.Add(ProblemKind::kLimit, Here(), "this name has more than 63 bytes");
    return TokenKind::kOther;
  }
  return TokenKind::kParameter;
}

}  // namespace

std::vector<Token> Lex(std::string_view text, Dialect dialect, Problems& problems) {
  return Lexer(text, dialect, problems).Run();
}

bool IsParameterName(std::string_view name) {
  return !name.empty() && name.size() <= LexLimits::kParameterNameBytes && IsParameterStart(name[0]) &&
         std::all_of(name.begin(), name.end(), IsParameterPart);
}

}  // namespace tidemill::files
