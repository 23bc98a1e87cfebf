// Token: a piece of SQL, as far as telling parameters and statements apart needs it.
#pragma once

#include <cstdint>
#include <vector>

#include "queries/files/source.h"

namespace tidemill::files {

enum class TokenKind : std::uint8_t {
  kSpace,
  kLineComment,   // without the end of its line
  kBlockComment,  //
  kWord,          // keyword or name
  kNumber,        //
  kString,        // with its prefix: E'…', U&'…', X'…'
  kDollarString,  // $tag$ … $tag$
  kQuotedName,    // "…"; in SQLite also `…` and […]
  kOperator,      //
  kOpen,          // (
  kClose,         // )
  kOpenBracket,   // [
  kCloseBracket,  // ]
  kComma,         //
  kSemicolon,     //
  kDot,           //
  kCast,          // ::
  kAssign,        // :=
  kColon,         // between the bounds of a slice, or a JSON key and its value
  kParameter,     // :name
  kPlaceholder,   // the database's own: $1; in SQLite also ?, ?1, @name, $name
  kOther,         //
};

struct Token {
  TokenKind kind = TokenKind::kOther;
  Range range;
  friend bool operator==(const Token&, const Token&) = default;
};

// Neither space nor comment.
constexpr bool IsSignificant(TokenKind kind) {
  return kind != TokenKind::kSpace && kind != TokenKind::kLineComment && kind != TokenKind::kBlockComment;
}
constexpr bool IsComment(TokenKind kind) {
  return kind == TokenKind::kLineComment || kind == TokenKind::kBlockComment;
}

}  // namespace tidemill::files
