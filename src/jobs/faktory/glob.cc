#include "jobs/faktory/glob.h"

#include <string.h>

#include <array>
#include <cstddef>
#include <utility>

namespace tidemill::faktory {
namespace {

// How one byte is matched by the pattern's front.
struct Step {
  bool matches = false;
  std::size_t length = 1;  // of the pattern that was used
};

// A set without its bracket: [ is already taken. Redis lets one that has no end reach to the pattern's.
Step MatchSet(std::string_view set, unsigned char byte) {
  std::size_t i = 0;
  const bool negated = set.starts_with('^');
  if (negated) ++i;
  bool found = false;
  for (; i < set.size() && set[i] != ']'; ++i) {
    if (set[i] == '\\' && i + 1 < set.size()) {
      ++i;
      found = found || static_cast<unsigned char>(set[i]) == byte;
    } else if (i + 2 < set.size() && set[i + 1] == '-') {
      auto low = static_cast<unsigned char>(set[i]);
      auto high = static_cast<unsigned char>(set[i + 2]);
      if (low > high) std::swap(low, high);
      i += 2;
      found = found || (byte >= low && byte <= high);
    } else {
      found = found || static_cast<unsigned char>(set[i]) == byte;
    }
  }
  return {.matches = found != negated, .length = i < set.size() ? i + 1 : i};
}

Step MatchOne(std::string_view pattern, unsigned char byte) {
  const auto is = [byte](char c) { return static_cast<unsigned char>(c) == byte; };
  if (pattern[0] == '?') return {.matches = true};
  if (pattern[0] == '\\' && pattern.size() > 1) return {.matches = is(pattern[1]), .length = 2};
  if (pattern[0] != '[') return {.matches = is(pattern[0])};
  const Step set = MatchSet(pattern.substr(1), byte);
  return {.matches = set.matches, .length = set.length + 1};
}

constexpr std::size_t kBytes = 256;  // that there are
constexpr std::size_t kBits = 64;
constexpr std::size_t kNowhere = std::string_view::npos;

}  // namespace

Glob::Glob(std::string_view pattern) {
  for (;;) {
    pieces_.push_back(MakePiece(pattern));
    if (pattern.empty()) return;
    pattern.remove_prefix(1);  // the star
  }
}

// Takes what stands before the next star from the front of `pattern`.
Glob::Piece Glob::MakePiece(std::string_view& pattern) {
  struct Place {
    std::array<bool, kBytes> accepts{};
  };
  std::vector<Place> places;
  Piece piece;
  while (!pattern.empty() && pattern[0] != '*') {
    Place& place = places.emplace_back();
    std::size_t accepted = 0;
    std::size_t length = 1;
    for (std::size_t byte = 0; byte < kBytes; ++byte) {
      const Step step = MatchOne(pattern, static_cast<unsigned char>(byte));
      length = step.length;
      place.accepts[byte] = step.matches;
      if (!step.matches) continue;
      ++accepted;
      piece.literal += static_cast<char>(byte);
    }
    if (accepted != 1) piece.is_literal = false;
    pattern.remove_prefix(length);
  }
  piece.length = places.size();
  if (piece.is_literal) return piece;
  piece.literal.clear();
  piece.words = (places.size() + kBits - 1) / kBits;
  piece.accepts.resize(kBytes * piece.words);
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t byte = 0; byte < kBytes; ++byte) {
      if (places[i].accepts[byte]) piece.accepts[byte * piece.words + i / kBits] |= 1ull << (i % kBits);
    }
  }
  return piece;
}

bool Glob::Piece::MatchesAt(std::string_view text) const {
  if (text.size() < length) return false;
  if (is_literal) return text.starts_with(literal);
  for (std::size_t i = 0; i < length; ++i) {
    const std::uint64_t bits = accepts[static_cast<unsigned char>(text[i]) * words + i / kBits];
    if ((bits >> (i % kBits) & 1) == 0) return false;
  }
  return true;
}

// Bit i of the state says that the last i + 1 bytes are the piece's first i + 1.
std::size_t Glob::Piece::Find(std::string_view text) const {
  if (length == 0) return 0;
  if (is_literal) {
    const void* const found = memmem(text.data(), text.size(), literal.data(), literal.size());
    return found == nullptr ? kNowhere
                            : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  }
  std::vector<std::uint64_t> state(words);
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::uint64_t* const bits = &accepts[static_cast<unsigned char>(text[at]) * words];
    std::uint64_t carry = 1;
    for (std::size_t word = 0; word < words; ++word) {
      const std::uint64_t shifted = state[word] << 1 | carry;
      carry = state[word] >> (kBits - 1);
      state[word] = shifted & bits[word];
    }
    if ((state[(length - 1) / kBits] >> ((length - 1) % kBits) & 1) != 0) return at + 1 - length;
  }
  return kNowhere;
}

// The first piece that fits leaves the most for those behind it.
bool Glob::Matches(std::string_view text) const {
  const Piece& first = pieces_.front();
  if (!first.MatchesAt(text)) return false;
  if (pieces_.size() == 1) return text.size() == first.length;
  text.remove_prefix(first.length);
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const std::size_t at = pieces_[i].Find(text);
    if (at == kNowhere) return false;
    text.remove_prefix(at + pieces_[i].length);
  }
  const Piece& last = pieces_.back();
  return text.size() >= last.length && last.MatchesAt(text.substr(text.size() - last.length));
}

}  // namespace tidemill::faktory
