// The patterns of MUTATE: those of Redis (SCAN MATCH). Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::faktory {

// * any bytes, ? one, [abc] [a-z] [^a] one of a set, \ takes what follows as it is. The whole text must
// match. Immutable.
//
// A pattern is taken apart at its stars once, and each piece is searched for with one bit for each of its
// bytes: a text of n bytes takes n steps of one word for 64 bytes of the pattern, whatever the two are.
class Glob {
 public:
  explicit Glob(std::string_view pattern);
  bool Matches(std::string_view text) const;

 private:
  // What stands between two stars.
  struct Piece {
    std::size_t length = 0;  // in bytes of the text
    bool is_literal = true;  // each position takes one byte
    std::string literal;
    std::size_t words = 0;               // of 64 positions
    std::vector<std::uint64_t> accepts;  // of each of 256 bytes: the positions that it may stand at

    bool MatchesAt(std::string_view text) const;    // at its beginning
    std::size_t Find(std::string_view text) const;  // where it first begins; npos: nowhere
  };

  static Piece MakePiece(std::string_view& pattern);

  std::vector<Piece> pieces_;  // one more than there are stars
};

}  // namespace tidemill::faktory
