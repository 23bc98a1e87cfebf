#include "queries/files/rewrite.h"

#include <algorithm>
#include <unordered_map>

namespace tidemill::files {

std::uint32_t PositionMap::SourceOf(std::size_t rewritten) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), rewritten,
                       [](std::size_t at, const Piece& piece) { return at < piece.rewritten; });
  if (after == pieces_.begin()) return 0;
  const Piece& piece = *std::prev(after);
  return piece.parameter ? piece.source
                         : piece.source + static_cast<std::uint32_t>(rewritten - piece.rewritten);
}

Rewritten Rewrite(std::string_view text, std::span<const Token> tokens, sql::Dialect dialect) {
  Rewritten out;
  if (tokens.empty()) return out;
  out.positions = PositionMap(tokens.front().range.begin);
  std::unordered_map<std::string_view, std::size_t> numbers;
  for (const auto& [kind, range] : tokens) {
    if (kind != TokenKind::kParameter) {
      out.text += range.In(text);
      continue;
    }
    const std::string_view name = range.In(text).substr(1);
    const auto [found, added] = numbers.try_emplace(name, numbers.size() + 1);
    if (added) {
      out.names.emplace_back(name);
      out.first_uses.push_back(range);
    }
    const auto at = static_cast<std::uint32_t>(out.text.size());
    out.positions.Add({.rewritten = at, .source = range.begin, .parameter = true});
    out.text += (dialect == sql::Dialect::kSqlite ? "?" : "$") + std::to_string(found->second);
    out.positions.Add({.rewritten = static_cast<std::uint32_t>(out.text.size()), .source = range.end});
  }
  return out;
}

}  // namespace tidemill::files
