// Filter: a condition on the tags of publications, as a client gives it when it subscribes.
//
// A tree. A leaf compares one tag: eq, neq, in, nin, ex (there is one), nex, sw (starts with), ew (ends
// with), ct (contains), lt, lte, gt, gte (both are decimal numbers). Its inner nodes are `and` and `or` of at
// least one, and `not` of one. A tag that is not there equals nothing but an empty text in a list. Source:
// FilterNode of the Centrifuge client protocol, version 2.
//
// Immutable, any thread. Matching takes time in proportion to the tree and the values that it looks at: each
// is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "realtime/protocol/codec.h"
#include "realtime/protocol/messages.h"

namespace tidemill::filter {

inline constexpr std::size_t kFilterBytesMax = 4096;  // as it comes
inline constexpr std::size_t kNodesMax = 64;
inline constexpr std::size_t kDepthMax = 8;
// Of a tag's value, `ct` looks at so many bytes.
inline constexpr std::size_t kSearchedBytesMax = 1024;
// Filter::work of what is done without a look at the clock: at most half a millisecond.
inline constexpr std::size_t kWorkAtOnceMax = 10'000;

// The tags of one publication, found by key. Borrows them.
class TagTable {
 public:
  explicit TagTable(const protocol::Tags& tags);
  // Null: there is none. Of two with one key the last counts.
  const std::string* Find(std::string_view key) const;

 private:
  const protocol::Tags* tags_;
  std::vector<std::pair<std::string_view, const std::string*>> sorted_;  // empty: they are few
};

class Filter {
 public:
  // Fails with what is wrong with it, as a client is told.
  static std::expected<std::shared_ptr<const Filter>, std::string_view> Parse(protocol::Encoding encoding,
                                                                              std::string_view text);

  // What both match. One of them may be null: then it is the other one.
  static std::shared_ptr<const Filter> Both(const std::shared_ptr<const Filter>& first,
                                            const std::shared_ptr<const Filter>& second);

  bool Matches(const TagTable& tags) const { return Matches(0, tags); }
  bool Matches(const protocol::Tags& tags) const { return Matches(TagTable(tags)); }
  // Two filters of the same tree have the same, whatever encoding they came in.
  const std::string& canonical() const { return canonical_; }
  // How long one match may take, whatever the tags are, in units of about 50 ns: 1 for each node and every
  // eight values of a list, 8 for a comparison of numbers, 100 for `ct`. Measured by bench/delta_cost.cc.
  std::size_t work() const { return work_; }

 private:
  enum class Op : std::uint8_t { kLeaf, kAnd, kOr, kNot };
  enum class Compare : std::uint8_t { kEq, kNeq, kIn, kNin, kEx, kNex, kSw, kEw, kCt, kLt, kLte, kGt, kGte };
  struct Node {
    Op op = Op::kLeaf;
    Compare compare = Compare::kEq;
    std::string key;
    std::string value;
    std::vector<std::string> values;
    std::vector<std::uint32_t> children;
  };
  struct Parts;
  class Parser;

  bool Matches(std::size_t node, const TagTable& tags) const;
  static bool MatchesLeaf(const Node& leaf, const std::string* value);
  static std::size_t WorkOf(const Node& node);

  std::vector<Node> nodes_;  // the first is the root
  std::string canonical_;
  std::size_t work_ = 0;
};

using FilterPtr = std::shared_ptr<const Filter>;

}  // namespace tidemill::filter
