#include "queries/files/database_problem.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace tidemill::files {
namespace {

constexpr bool IsWordByte(char c) {
  return IsLetter(c) || IsDigit(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// The word, or the one byte, that begins at `begin`.
Range WordAt(std::string_view text, std::uint32_t begin) {
  std::size_t end = begin + (text[begin] == ':' ? 1 : 0);
  while (end < text.size() && IsWordByte(text[end])) ++end;
  return {.begin = begin, .end = std::max(begin + 1, static_cast<std::uint32_t>(end))};
}

}  // namespace

Problem DatabaseProblem(std::string_view text, const QueryStatement& statement,
                        std::optional<DatabasePosition> position, std::string message, std::string hint) {
  Problem problem{.where = statement.where, .message = std::move(message), .hint = std::move(hint)};
  if (!position) return problem;
  const std::string& sent = statement.sql.text;
  std::size_t at = position->value;
  if (position->unit == DatabasePosition::Unit::kCharacterFrom1) {
    at = at == 0 ? sent.size() : BytesOfCharacters(sent, at - 1);
  }
  if (at >= sent.size()) return problem;
  problem.where = WordAt(text, statement.sql.positions.SourceOf(at));
  return problem;
}

}  // namespace tidemill::files
