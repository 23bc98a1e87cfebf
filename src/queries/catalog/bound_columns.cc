#include "queries/catalog/bound_columns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "queries/catalog/words_of.h"
#include "queries/files/lexer.h"

namespace tidemill::queries {
namespace {

using files::TokenKind;

constexpr std::array<std::string_view, 8> kBehindWhere = {"group", "having", "window", "order",
                                                          "limit", "offset", "fetch",  "for"};
constexpr std::array<std::string_view, 9> kJoins = {"join",    "inner", "left", "right", "full",
                                                    "natural", "cross", "on",   "using"};
constexpr std::array<std::string_view, 10> kExactTypes = {"int",      "integer", "int2", "int4", "int8",
                                                          "smallint", "bigint",  "text", "uuid", "varchar"};

// Words that are values, whatever a column is called.
constexpr std::array<std::string_view, 6> kValues = {"true", "false",        "null",
                                                     "user", "session_user", "default"};

template <class List>
bool IsAmong(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != std::end(list);
}

// A significant token. `depth`: of the brackets around it; a bracket is as deep as what is around it.
struct Piece {
  TokenKind kind = TokenKind::kOther;
  std::string text;  // words in lower case, names without quotes
  int depth = 0;

  bool Is(TokenKind other) const { return kind == other; }
  bool IsWord(std::string_view word) const { return kind == TokenKind::kWord && text == word; }
  bool IsName() const { return kind == TokenKind::kWord || kind == TokenKind::kQuotedName; }
};

std::vector<Piece> PiecesOf(std::string_view statement) {
  files::Problems problems;
  std::vector<Piece> pieces;
  int depth = 0;
  for (const files::Token& token : files::Lex(statement, sql::Dialect::kPostgres, problems)) {
    if (!files::IsSignificant(token.kind)) continue;
    const bool closes = token.kind == TokenKind::kClose || token.kind == TokenKind::kCloseBracket;
    if (closes) --depth;
    const std::string_view text = token.range.In(statement);
    pieces.push_back({.kind = token.kind,
                      .text = token.kind == TokenKind::kWord         ? ToLower(text)
                              : token.kind == TokenKind::kQuotedName ? Unquoted(text)
                                                                     : std::string(text),
                      .depth = depth});
    if (token.kind == TokenKind::kOpen || token.kind == TokenKind::kOpenBracket) ++depth;
  }
  pieces.push_back({});  // the end
  return pieces;
}

// One statement on its way.
class Finder {
 public:
  Finder(std::string_view statement, BoundIn in) : pieces_(PiecesOf(statement)), in_(in) {}

  std::expected<std::vector<BoundColumn>, std::string> Find() {
    std::string why = FindClauses();
    if (why.empty()) why = ReadTables();
    if (why.empty()) why = ReadConditions();
    if (why.empty() && found_.empty()) why = "no column stands behind its where as column = :parameter";
    if (!why.empty()) return std::unexpected(std::move(why));
    return std::move(found_);
  }

 private:
  struct Table {
    std::string name;   // as it is written
    std::string last;   // without its schema
    std::string alias;  // what columns are named by
  };

  const Piece& At(std::size_t index) const { return pieces_[std::min(index, pieces_.size() - 1)]; }
  bool Top(std::size_t index) const { return At(index).depth == 0; }

  std::string FindClauses() {
    if (!At(0).IsWord("select")) return "it does not begin with select";
    end_ = pieces_.size() - 1;
    for (std::size_t i = 1; i < pieces_.size() - 1; ++i) {
      const Piece& piece = pieces_[i];
      if (in_ == BoundIn::kOneTable && (piece.IsWord("select") || piece.IsWord("table"))) {
        return "it has several selects: name the parameter with by=";
      }
      if (piece.depth != 0 || !piece.Is(TokenKind::kWord)) continue;
      if (IsAmong(std::array<std::string_view, 3>{"union", "intersect", "except"}, piece.text)) {
        return "it has several selects";
      }
      if (from_ == 0 && piece.text == "from" && !At(i - 1).IsWord("distinct")) from_ = i;
      if (from_ != 0 && where_ == 0 && piece.text == "where") where_ = i;
      if (where_ != 0 && end_ == pieces_.size() - 1 && IsAmong(kBehindWhere, piece.text)) end_ = i;
    }
    return from_ == 0 || where_ == 0 ? "it has no where" : "";
  }

  // Behind an item of "from": passes over its condition; at the next item, or at the end.
  std::size_t NextItem(std::size_t at) const {
    while (at < where_) {
      const bool joins = Top(at) && At(at).IsWord("join");
      const bool comma = Top(at) && At(at).Is(TokenKind::kComma);
      ++at;
      if (joins || comma) break;
    }
    return at;
  }

  std::string ReadTables() {
    for (std::size_t at = from_ + 1; at < where_; at = NextItem(at)) {
      ++items_;
      std::optional<Table> table = ReadTable(at);
      if (table) tables_.push_back(*std::move(table));
      const bool alone = table && at == where_ && tables_.size() == 1;
      if (in_ == BoundIn::kOneTable && !alone) return "it has several tables: name the parameter with by=";
    }
    return tables_.empty() ? "it has no table" : "";
  }

  // "schema.table as alias", and `at` behind it. Nullopt: it is something else, or not as simple.
  std::optional<Table> ReadTable(std::size_t& at) const {
    if (!At(at).IsName() || At(at).IsWord("only") || At(at).IsWord("lateral")) return std::nullopt;
    Table table{.name = At(at).text, .last = At(at).text, .alias = At(at).text};
    ++at;
    if (At(at).Is(TokenKind::kDot) && At(at + 1).IsName()) {
      table.last = table.alias = At(at + 1).text;
      table.name += "." + table.last;
      at += 2;
    }
    const bool as = At(at).IsWord("as");
    if (as) ++at;
    const bool named = at < where_ && At(at).IsName() && (as || !IsAmong(kJoins, At(at).text));
    if (as && !named) return std::nullopt;
    if (named) table.alias = At(at++).text;
    const bool ends = at == where_ || At(at).Is(TokenKind::kComma) ||
                      (At(at).Is(TokenKind::kWord) && IsAmong(kJoins, At(at).text));
    if (!ends) return std::nullopt;
    return table;
  }

  // What "between" needs is no "and" between conditions.
  std::string ReadConditions() {
    bool between = false;
    for (std::size_t at = where_; at < end_; ++at) {
      if (!Top(at)) continue;
      const Piece& piece = At(at);
      if (piece.IsWord("or")) return "its where has an or outside of brackets";
      if (piece.IsWord("case")) return "its where has a case outside of brackets";
      if (piece.IsWord("between")) between = true;
      const bool begins = at == where_ || (piece.IsWord("and") && !between);
      if (piece.IsWord("and")) between = false;
      if (begins) ReadCondition(at + 1);
    }
    return "";
  }

  void ReadCondition(std::size_t at) {
    std::optional<std::size_t> number = ReadParameter(at);
    if (number && !IsEquals(at)) return;
    std::optional<BoundColumn> column = ReadColumn(at);
    if (!column) return;
    if (!number) {
      if (!IsEquals(at)) return;
      number = ReadParameter(at);
    }
    const bool ends = at == end_ || (Top(at) && At(at).IsWord("and"));
    if (!number || !ends) return;
    column->number = *number;
    found_.push_back(*std::move(column));
  }

  bool IsEquals(std::size_t& at) const {
    const bool found = Top(at) && At(at).Is(TokenKind::kOperator) && At(at).text == "=";
    if (found) ++at;
    return found;
  }

  // "$1", or "$1::int".
  std::optional<std::size_t> ReadParameter(std::size_t& at) const {
    if (!At(at).Is(TokenKind::kPlaceholder) || !Top(at)) return std::nullopt;
    const std::string_view digits = std::string_view(At(at).text).substr(1);
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || number == 0) return std::nullopt;
    ++at;
    if (!At(at).Is(TokenKind::kCast)) return number;
    if (!At(at + 1).Is(TokenKind::kWord) || !IsAmong(kExactTypes, At(at + 1).text)) return std::nullopt;
    at += 2;
    return number;
  }

  std::optional<BoundColumn> ReadColumn(std::size_t& at) const {
    std::vector<std::string> names;
    while (Top(at) && At(at).IsName() && !IsValue(At(at))) {
      names.push_back(At(at).text);
      ++at;
      if (!At(at).Is(TokenKind::kDot)) break;
      ++at;
    }
    const Table* const table = names.empty() ? nullptr : TableOf(names);
    if (table == nullptr || !IsNamedOnce(table->last)) return std::nullopt;
    return BoundColumn{.table = table->name, .column = names.back()};
  }

  static bool IsValue(const Piece& piece) {
    const bool moves = piece.text.starts_with("current_") || piece.text.starts_with("local");
    return piece.Is(TokenKind::kWord) && (moves || IsAmong(kValues, piece.text));
  }

  // Of "customer", "o.customer" and "public.orders.customer"; null: it is not known.
  const Table* TableOf(const std::vector<std::string>& names) const {
    if (names.size() == 1) return tables_.size() == 1 && items_ == 1 ? &tables_[0] : nullptr;
    const Table* found = nullptr;
    for (const Table& table : tables_) {
      const bool whole = table.alias == table.last && table.name == names[0] + "." + names[1];
      const bool is = names.size() == 2 ? table.alias == names[0] : names.size() == 3 && whole;
      if (!is) continue;
      if (found != nullptr) return nullptr;
      found = &table;
    }
    return found;
  }

  // Other than before a dot, where it tells whose a column is.
  bool IsNamedOnce(std::string_view table) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const bool whose = At(i + 1).Is(TokenKind::kDot);
      if (pieces_[i].IsName() && pieces_[i].text == table && !whose) ++count;
    }
    return count == 1;
  }

  const std::vector<Piece> pieces_;
  const BoundIn in_;
  std::size_t from_ = 0;
  std::size_t where_ = 0;
  std::size_t end_ = 0;    // of the where
  std::size_t items_ = 0;  // of from
  std::vector<Table> tables_;
  std::vector<BoundColumn> found_;
};

}  // namespace

std::expected<std::vector<BoundColumn>, std::string> FindBoundColumns(std::string_view statement,
                                                                      BoundIn in) {
  return Finder(statement, in).Find();
}

}  // namespace tidemill::queries
