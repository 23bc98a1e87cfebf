#include "queries/files/statement_kind.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace tidemill::files {
namespace {

template <std::size_t N>
bool Among(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words,
                             [word](std::string_view known) { return EqualIgnoringCase(word, known); });
}

constexpr std::array<std::string_view, 4> kChanges = {"insert", "update", "delete", "merge"};
constexpr std::array<std::string_view, 10> kDefinitions = {
    "replace", "create", "alter", "drop", "truncate", "grant", "revoke", "comment", "refresh", "copy"};

// "": it begins with something else.
std::string_view FirstWord(std::string_view text, std::span<const Token> statement) {
  const Token& first = statement.front();
  return first.kind == TokenKind::kWord ? first.range.In(text) : std::string_view();
}

// Behind a bracket: "with gone as (delete from …) insert into …".
bool ChangesInside(std::string_view text, std::span<const Token> statement) {
  TokenKind before = statement.front().kind;
  for (std::size_t i = 1; i < statement.size(); ++i) {
    const auto [kind, range] = statement[i];
    if (!IsSignificant(kind)) continue;
    const bool is_behind = before == TokenKind::kOpen || before == TokenKind::kClose;
    before = kind;
    if (kind != TokenKind::kWord || !is_behind || !Among(range.In(text), kChanges)) continue;
    const auto next = std::ranges::find_if(statement.subspan(i + 1), IsSignificant, &Token::kind);
    if (next != statement.end() && (next->kind == TokenKind::kWord || next->kind == TokenKind::kQuotedName)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool Writes(std::string_view text, std::span<const Token> statement) {
  const std::string_view first = FirstWord(text, statement);
  return Among(first, kChanges) || Among(first, kDefinitions) ||
         (EqualIgnoringCase(first, "with") && ChangesInside(text, statement));
}

bool ChangesPlainly(std::string_view text, std::span<const Token> statement) {
  const std::string_view first = FirstWord(text, statement);
  return (Among(first, kChanges) || EqualIgnoringCase(first, "replace")) && !ChangesInside(text, statement);
}

std::string WhyNotServed(std::string_view text, std::span<const Token> statement) {
  constexpr std::array<std::string_view, 9> kTransactions = {
      "begin", "start", "commit", "rollback", "end", "abort", "savepoint", "release", "prepare"};
  const Token& first = statement.front();
  if (first.kind != TokenKind::kWord || !Among(first.range.In(text), kTransactions)) return {};
  return "the server begins and ends transactions: leave " + ToLower(first.range.In(text)) +
         " out; @tx makes one of several statements";
}

}  // namespace tidemill::files
