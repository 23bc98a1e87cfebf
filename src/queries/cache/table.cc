#include "queries/cache/table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tidemill::queries {
namespace {

constexpr std::uint8_t kUsesMax = 3;
constexpr std::uint8_t kUsesToStay = 2;  // in the small queue, to get into the main one
// Of lists, maps and allocations, for each entry.
constexpr std::size_t kOverheadBytes = 320;
// Entries that one insertion may move instead of evicting them, before it evicts whatever comes: a bound on
// the time under the lock.
constexpr std::size_t kRoundsMax = 256;
constexpr std::size_t kGhostsMin = 64;
constexpr std::size_t kGhostsMax = 65'536;

}  // namespace

std::size_t AnswerTable::BytesOf(const CacheKey& key, const CacheEntry& entry) {
  return kOverheadBytes + key.bytes().capacity() + entry.answer->bytes() +
         entry.seen.capacity() * sizeof(std::uint64_t);
}

const CacheEntry* AnswerTable::Find(const CacheKey& key) {
  const auto found = places_.find(key);
  if (found == places_.end()) return nullptr;
  Node& node = *found->second;
  if (node.uses < kUsesMax) ++node.uses;
  return &node.entry;
}

bool AnswerTable::Insert(const CacheKey& key, CacheEntry entry, std::vector<AnswerPtr>& gone) {
  const std::size_t bytes = BytesOf(key, entry);
  const auto found = places_.find(key);
  if (bytes > bytes_max_) {
    if (found != places_.end()) Evict(found->second, gone);
    return false;
  }
  if (found != places_.end()) {
    // It keeps its place and its uses: a refreshed answer is no newcomer.
    Node& node = *found->second;
    gone.push_back(std::exchange(node.entry, std::move(entry)).answer);
    node.queue->bytes += bytes - node.bytes;
    node.bytes = bytes;
    MakeRoom(0, gone);
    return true;
  }
  MakeRoom(bytes, gone);
  Queue& queue = TakeGhost(key.hash()) ? main_ : small_;
  const auto at = places_.emplace(key, Place{}).first;
  queue.nodes.push_front({.key = &at->first, .entry = std::move(entry), .bytes = bytes, .queue = &queue});
  queue.bytes += bytes;
  at->second = queue.nodes.begin();
  return true;
}

void AnswerTable::Erase(const CacheKey& key) {
  if (const auto found = places_.find(key); found != places_.end()) Remove(found);
}

void AnswerTable::MakeRoom(std::size_t bytes, std::vector<AnswerPtr>& gone) {
  std::size_t rounds = 0;
  while (this->bytes() + bytes > bytes_max_) {
    if (small_.bytes > small_bytes_max_ || main_.nodes.empty()) {
      EvictFromSmall(rounds, gone);
    } else {
      EvictFromMain(rounds, gone);
    }
  }
}

void AnswerTable::EvictFromSmall(std::size_t& rounds, std::vector<AnswerPtr>& gone) {
  const Place last = std::prev(small_.nodes.end());
  if (last->uses >= kUsesToStay && rounds < kRoundsMax) {
    ++rounds;
    last->uses = 0;
    return Move(last, main_);
  }
  RememberGhost(last->key->hash());
  Evict(last, gone);
}

void AnswerTable::EvictFromMain(std::size_t& rounds, std::vector<AnswerPtr>& gone) {
  const Place last = std::prev(main_.nodes.end());
  if (last->uses == 0 || rounds == kRoundsMax) return Evict(last, gone);
  ++rounds;
  --last->uses;
  Move(last, main_);
}

void AnswerTable::Evict(Place place, std::vector<AnswerPtr>& gone) {
  ++evictions_;
  gone.push_back(std::move(place->entry.answer));
  Remove(places_.find(*place->key));
}

void AnswerTable::Move(Place place, Queue& to) {
  place->queue->bytes -= place->bytes;
  to.nodes.splice(to.nodes.begin(), place->queue->nodes, place);
  to.bytes += place->bytes;
  place->queue = &to;
}

void AnswerTable::Remove(Places::iterator at) {
  const Place place = at->second;
  place->queue->bytes -= place->bytes;
  place->queue->nodes.erase(place);
  places_.erase(at);
}

void AnswerTable::RememberGhost(std::uint64_t hash) {
  const std::size_t ghosts_max = std::clamp(main_.nodes.size(), kGhostsMin, kGhostsMax);
  ghosts_[hash] = ++ghost_number_;
  ghost_order_.emplace_back(hash, ghost_number_);
  while (ghost_order_.size() > ghosts_max) {
    const auto [oldest, number] = ghost_order_.front();
    ghost_order_.pop_front();
    if (const auto found = ghosts_.find(oldest); found != ghosts_.end() && found->second == number) {
      ghosts_.erase(found);
    }
  }
}

}  // namespace tidemill::queries
