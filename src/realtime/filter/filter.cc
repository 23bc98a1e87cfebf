#include "realtime/filter/filter.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>

#include "base/json.h"
#include "realtime/filter/decimal.h"
#include "realtime/protocol/wire.h"

namespace tidemill::filter {
namespace {

constexpr std::array<std::string_view, 4> kOps = {"", "and", "or", "not"};
constexpr std::array<std::string_view, 13> kCompares = {"eq", "neq", "in", "nin", "ex", "nex", "sw",
                                                        "ew", "ct",  "lt", "lte", "gt", "gte"};
constexpr std::size_t kFewTags = 8;

using Refused = std::unexpected<std::string_view>;

template <std::size_t kCount>
std::optional<std::size_t> IndexOf(const std::array<std::string_view, kCount>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

void AppendCounted(std::string_view text, std::string& out) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

}  // namespace

TagTable::TagTable(const protocol::Tags& tags) : tags_(&tags) {
  if (tags.size() <= kFewTags) return;
  sorted_.reserve(tags.size());
  for (const auto& [key, value] : tags) sorted_.emplace_back(key, &value);
  std::ranges::sort(sorted_);  // those with one key as they stand
}

const std::string* TagTable::Find(std::string_view key) const {
  if (sorted_.empty()) {
    const std::string* found = nullptr;
    for (const auto& [name, value] : *tags_) {
      if (name == key) found = &value;
    }
    return found;
  }
  const auto after = std::ranges::upper_bound(sorted_, key, {}, [](const auto& tag) { return tag.first; });
  if (after == sorted_.begin() || std::prev(after)->first != key) return nullptr;
  return std::prev(after)->second;
}

// A node as it was read: its nodes are texts still.
struct Filter::Parts {
  std::string op;
  std::string key;
  std::string cmp;
  std::string val;
  std::vector<std::string> vals;
  std::vector<std::string> nodes;
};

class Filter::Parser {
 public:
  Parser(protocol::Encoding encoding, Filter& filter) : encoding_(encoding), filter_(filter) {}

  std::expected<void, std::string_view> Read(std::string_view text, std::size_t depth) {
    if (depth > kDepthMax) return Refused("bad request: tf: more than 8 nodes inside one another");
    if (filter_.nodes_.size() == kNodesMax) return Refused("bad request: tf: more than 64 nodes");
    std::optional<Parts> parsed = PartsOf(text);
    if (!parsed) return Refused("bad request: tf: a node is malformed");
    Parts& parts = *parsed;
    const auto op = IndexOf(kOps, parts.op);
    if (!op) return Refused("bad request: tf: unknown op; there are and, or, not");
    const std::size_t index = filter_.nodes_.size();
    Node& node = filter_.nodes_.emplace_back();
    node.op = static_cast<Op>(*op);
    filter_.canonical_ += static_cast<char>('0' + *op);
    if (node.op == Op::kLeaf) return ReadLeaf(node, parts);
    if (parts.nodes.empty()) return Refused("bad request: tf: and, or, not need nodes");
    if (node.op == Op::kNot && parts.nodes.size() != 1) {
      return Refused("bad request: tf: not has exactly one node");
    }
    filter_.canonical_ += std::to_string(parts.nodes.size()) + ':';
    for (const std::string& child : parts.nodes) {
      const auto number = static_cast<std::uint32_t>(filter_.nodes_.size());
      if (auto read = Read(child, depth + 1); !read) return read;
      filter_.nodes_[index].children.push_back(number);
    }
    return {};
  }

 private:
  std::expected<void, std::string_view> ReadLeaf(Node& leaf, Parts& parts) {
    const auto compare = IndexOf(kCompares, parts.cmp);
    if (!compare && parts.cmp.empty()) return Refused("bad request: tf: a node without op needs cmp");
    if (!compare) return Refused("bad request: tf: unknown cmp");
    leaf.compare = static_cast<Compare>(*compare);
    const bool asks_presence = leaf.compare == Compare::kEx || leaf.compare == Compare::kNex;
    const bool takes_list = leaf.compare == Compare::kIn || leaf.compare == Compare::kNin;
    if (parts.key.empty() && !asks_presence) return Refused("bad request: tf: this cmp needs key");
    if (takes_list && parts.vals.empty()) return Refused("bad request: tf: in and nin need vals");
    if (!takes_list && !parts.vals.empty()) return Refused("bad request: tf: only in and nin take vals");
    const bool takes_value = !asks_presence && !takes_list;
    if (takes_value && parts.val.empty()) return Refused("bad request: tf: this cmp needs val");
    if (!takes_value && !parts.val.empty()) return Refused("bad request: tf: this cmp does not take val");
    std::string& canonical = filter_.canonical_;
    canonical += static_cast<char>('a' + *compare);
    AppendCounted(parts.key, canonical);
    AppendCounted(parts.val, canonical);
    for (const std::string& value : parts.vals) AppendCounted(value, canonical);
    canonical += ';';
    leaf.key = std::move(parts.key);
    leaf.value = std::move(parts.val);
    leaf.values = std::move(parts.vals);
    return {};
  }

  // nullopt: it is malformed.
  std::optional<Parts> PartsOf(std::string_view text) const {
    return encoding_ == protocol::Encoding::kJson ? OfJson(text) : OfProtobuf(text);
  }

  static std::optional<Parts> OfJson(std::string_view text) {
    Parts parts;
    JsonReader json(text);
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      const std::string name(*key);
      if (json.SkipNull()) continue;
      if (name == "op") {
        parts.op = json.ReadString();
      } else if (name == "key") {
        parts.key = json.ReadString();
      } else if (name == "cmp") {
        parts.cmp = json.ReadString();
      } else if (name == "val") {
        parts.val = json.ReadString();
      } else if (name == "vals") {
        parts.vals.clear();
        json.EnterArray();
        while (json.NextElement()) parts.vals.push_back(json.ReadString());
      } else if (name == "nodes") {
        parts.nodes.clear();
        json.EnterArray();
        while (json.NextElement()) parts.nodes.emplace_back(json.ReadRaw());
      } else {
        json.Skip();
      }
    }
    if (!json.Finish()) return std::nullopt;
    return parts;
  }

  static std::optional<Parts> OfProtobuf(std::string_view text) {
    Parts parts;
    protocol::WireStatus status;
    protocol::WireReader wire(text, status);
    while (wire.Next()) {
      switch (wire.field()) {
        case 1: parts.op = wire.Text(); break;
        case 2: parts.key = wire.Text(); break;
        case 3: parts.cmp = wire.Text(); break;
        case 4: parts.val = wire.Text(); break;
        case 5: parts.vals.emplace_back(wire.Text()); break;
        case 6: parts.nodes.emplace_back(wire.Bytes()); break;
        default: break;
      }
    }
    if (!status.ok()) return std::nullopt;
    return parts;
  }

  const protocol::Encoding encoding_;
  Filter& filter_;
};

std::expected<FilterPtr, std::string_view> Filter::Parse(protocol::Encoding encoding, std::string_view text) {
  if (text.size() > kFilterBytesMax) return Refused("bad request: tf: more than 4096 bytes");
  auto filter = std::make_shared<Filter>();
  if (const auto read = Parser(encoding, *filter).Read(text, 1); !read) return Refused(read.error());
  for (const Node& node : filter->nodes_) filter->work_ += WorkOf(node);
  return filter;
}

FilterPtr Filter::Both(const FilterPtr& first, const FilterPtr& second) {
  if (!first || !second) return first ? first : second;
  auto both = std::make_shared<Filter>();
  both->nodes_.push_back({.op = Op::kAnd});
  both->canonical_ = std::string(1, static_cast<char>('0' + static_cast<int>(Op::kAnd))) + "2:";
  both->work_ = 1;
  for (const Filter* const part : {first.get(), second.get()}) {
    const auto begin = static_cast<std::uint32_t>(both->nodes_.size());
    both->nodes_.front().children.push_back(begin);
    for (Node node : part->nodes_) {
      for (std::uint32_t& child : node.children) child += begin;
      both->nodes_.push_back(std::move(node));
    }
    both->canonical_ += part->canonical_;
    both->work_ += part->work_;
  }
  return both;
}

std::size_t Filter::WorkOf(const Node& node) {
  if (node.op != Op::kLeaf) return 1;
  switch (node.compare) {
    case Compare::kIn:
    case Compare::kNin: return 1 + node.values.size() / 8;
    case Compare::kCt: return 100;
    case Compare::kLt:
    case Compare::kLte:
    case Compare::kGt:
    case Compare::kGte: return 8;
    default: return 1;
  }
}

bool Filter::Matches(std::size_t index, const TagTable& tags) const {
  const Node& node = nodes_[index];
  const auto matches = [&](std::uint32_t child) { return Matches(child, tags); };
  switch (node.op) {
    case Op::kLeaf: return MatchesLeaf(node, tags.Find(node.key));
    case Op::kAnd: return std::ranges::all_of(node.children, matches);
    case Op::kOr: return std::ranges::any_of(node.children, matches);
    case Op::kNot: return !matches(node.children.front());
  }
  return false;
}

bool Filter::MatchesLeaf(const Node& leaf, const std::string* value) {
  const auto listed = [&] {
    return std::ranges::find(leaf.values, value ? std::string_view(*value) : "") != leaf.values.end();
  };
  const auto ordered = [&](auto fits) {
    const auto order = value ? CompareDecimals(*value, leaf.value) : std::nullopt;
    return order && fits(*order);
  };
  switch (leaf.compare) {
    case Compare::kEq: return value && *value == leaf.value;
    case Compare::kNeq: return !value || *value != leaf.value;
    case Compare::kIn: return listed();
    case Compare::kNin: return !listed();
    case Compare::kEx: return value != nullptr;
    case Compare::kNex: return value == nullptr;
    case Compare::kSw: return value && value->starts_with(leaf.value);
    case Compare::kEw: return value && value->ends_with(leaf.value);
    case Compare::kCt:
      return value && memmem(value->data(), std::min(value->size(), kSearchedBytesMax), leaf.value.data(),
                             leaf.value.size()) != nullptr;
    case Compare::kLt: return ordered([](auto order) { return order < 0; });
    case Compare::kLte: return ordered([](auto order) { return order <= 0; });
    case Compare::kGt: return ordered([](auto order) { return order > 0; });
    case Compare::kGte: return ordered([](auto order) { return order >= 0; });
  }
  return false;
}

}  // namespace tidemill::filter
