#include "realtime/broker/memory/keyed_state.h"

#include <iterator>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace tidemill::broker::memory {
namespace {

auto ScoreAndKey(const Publication& publication) {
  return std::tuple<std::int64_t, std::string_view>(publication.score, publication.key);
}
auto ScoreAndKey(const OrderedCursor& cursor) {
  return std::tuple<std::int64_t, std::string_view>(cursor.score, cursor.key);
}

}  // namespace

bool KeyedState::ByScore::operator()(const Node* a, const Node* b) const {
  return ScoreAndKey(*a->second.publication) < ScoreAndKey(*b->second.publication);
}
bool KeyedState::ByScore::operator()(const Node* a, const OrderedCursor& b) const {
  return ScoreAndKey(*a->second.publication) < ScoreAndKey(b);
}
bool KeyedState::ByScore::operator()(const OrderedCursor& a, const Node* b) const {
  return ScoreAndKey(a) < ScoreAndKey(*b->second.publication);
}
bool KeyedState::ByExpiry::operator()(const Node* a, const Node* b) const {
  return std::tie(a->second.expires, a->first) < std::tie(b->second.expires, b->first);
}

const KeyedState::Held* KeyedState::Find(std::string_view key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : &found->second;
}

void KeyedState::Put(PublicationPtr publication, MonotonicTime expires) {
  const auto [at, is_new] = keys_.try_emplace(publication->key);
  if (!is_new) Unlist(*at);
  at->second.publication = std::move(publication);
  at->second.expires = expires;
  List(*at);
}

void KeyedState::SetVersion(std::string_view key, Version version) {
  keys_.find(key)->second.version = std::make_unique<Version>(std::move(version));
}

void KeyedState::Refresh(std::string_view key, MonotonicTime expires) {
  Node& node = *keys_.find(key);
  if (node.second.expires != kNever) by_expiry_.erase(&node);
  node.second.expires = expires;
  if (expires != kNever) by_expiry_.insert(&node);
}

PublicationPtr KeyedState::Take(std::string_view key) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return nullptr;
  Unlist(*found);
  PublicationPtr taken = std::move(found->second.publication);
  keys_.erase(found);
  return taken;
}

PublicationPtr KeyedState::TakeOne() {
  TM_ASSERT(!keys_.empty());
  return Take(keys_.begin()->first);
}

std::optional<MonotonicTime> KeyedState::next_expiry() const {
  if (by_expiry_.empty()) return std::nullopt;
  return (*by_expiry_.begin())->second.expires;
}

const Publication* KeyedState::first_to_expire() const {
  return by_expiry_.empty() ? nullptr : (*by_expiry_.begin())->second.publication.get();
}

void KeyedState::List(const Node& node) {
  bytes_ += MapEntryBytes(*node.second.publication);
  if (ordered_) {
    by_score_.insert(&node);
  } else {
    by_key_.insert(&node);
  }
  if (node.second.expires != kNever) by_expiry_.insert(&node);
}

void KeyedState::Unlist(const Node& node) {
  bytes_ -= MapEntryBytes(*node.second.publication);
  if (ordered_) {
    by_score_.erase(&node);
  } else {
    by_key_.erase(&node);
  }
  if (node.second.expires != kNever) by_expiry_.erase(&node);
}

template <class Iterator>
void KeyedState::Fill(Iterator at, Iterator end, const MapStateQuery& query, MapPage& page) const {
  std::size_t bytes = 0;
  for (; at != end; ++at) {
    const PublicationPtr& publication = (*at)->second.publication;
    bytes += MapEntryBytes(*publication);
    const bool full = page.entries.size() >= query.limit || bytes > query.bytes_max;
    if (full && !page.entries.empty()) break;
    page.entries.push_back(publication);
  }
  if (at != end) page.cursor = MapCursor(*page.entries.back(), ordered_);
}

void KeyedState::ReadPage(const MapStateQuery& query, MapPage& page) const {
  if (!ordered_) {
    const auto at =
        query.cursor.empty() ? by_key_.begin() : by_key_.upper_bound(std::string_view(query.cursor));
    return Fill(at, by_key_.end(), query, page);
  }
  const OrderedCursor after = ParseOrderedCursor(query.cursor);
  if (query.ascending) {
    return Fill(query.cursor.empty() ? by_score_.begin() : by_score_.upper_bound(after), by_score_.end(),
                query, page);
  }
  const auto from = query.cursor.empty() ? by_score_.end() : by_score_.lower_bound(after);
  Fill(std::make_reverse_iterator(from), by_score_.rend(), query, page);
}

}  // namespace tidemill::broker::memory
