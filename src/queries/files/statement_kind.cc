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

}  // namespace

bool Writes(std::string_view text, std::span<const Token> statement) {
  bool with = false;
  TokenKind before = TokenKind::kSpace;  // nothing yet
  for (std::size_t i = 0; i < statement.size(); ++i) {
    const auto [kind, range] = statement[i];
    if (!IsSignificant(kind)) continue;
    const std::string_view word = kind == TokenKind::kWord ? range.In(text) : std::string_view();
    if (before == TokenKind::kSpace) {
      if (Among(word, kChanges) || Among(word, kDefinitions)) return true;
      with = EqualIgnoringCase(word, "with");
      if (!with) return false;
    } else if (Among(word, kChanges) && (before == TokenKind::kOpen || before == TokenKind::kClose)) {
      const auto next = std::ranges::find_if(statement.subspan(i + 1), IsSignificant, &Token::kind);
      if (next != statement.end() &&
          (next->kind == TokenKind::kWord || next->kind == TokenKind::kQuotedName)) {
        return true;
      }
    }
    before = kind;
  }
  return false;
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
