// FossilEncoder: the difference between two payloads as a delta of Fossil, which clients apply to the payload
// that they have.
//
// A delta is text around bytes: the target's size and a line feed, then commands, then the target's checksum
// and ';'. A command copies bytes of the source, "<count>@<offset>,", or inserts bytes that follow it,
// "<count>:". Numbers are in base 64; the checksum is the sum of the target's big-endian words of 32 bits.
// Source: https://fossil-scm.org/home/doc/trunk/www/delta_format.wiki.
//
// Time is linear in the two sizes, whatever they hold: at each byte of the target only a few places of the
// source are tried, and what is tried is not longer than what is then copied. No copy begins or ends inside
// a UTF-8 character of the target: where the target is UTF-8, the delta is too.
//
// Not for two threads at once. It keeps its tables: in the long run it allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::delta {

class FossilEncoder {
 public:
  // The delta that makes `target` of `source`; nullopt: it would not be smaller than the target. It is the
  // encoder's, until the next call. Neither may be larger than 1 GiB.
  std::optional<std::string_view> Encode(std::string_view source, std::string_view target);

 private:
  struct Match {
    std::size_t source = 0;
    std::size_t target = 0;
    std::size_t bytes = 0;
  };

  void IndexSource();
  void EncodeMiddle(std::size_t begin, std::size_t end);
  // The longest of those that hold the block at `at`; what lies before `from` has been written.
  Match FindMatch(std::uint32_t hash, std::size_t at, std::size_t from, std::size_t end) const;
  Match Extended(std::size_t source, std::size_t at, std::size_t from, std::size_t end) const;
  Match AtCharacters(Match match) const;
  // What stands before it in the target is inserted.
  void Copy(const Match& match);
  // The target's bytes from `written_` to `end`.
  void InsertUntil(std::size_t end);
  bool TooLong() const { return out_.size() >= target_.size(); }

  std::string_view source_;
  std::string_view target_;
  std::size_t written_ = 0;  // of the target
  std::string out_;
  // The source in blocks: by hash the first of each list, and the next of each block's list; 0: none, else
  // the block's number and one.
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> hashes_;
};

}  // namespace tidemill::delta
