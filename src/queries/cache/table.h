// AnswerTable: answers by key in a bound of bytes; what is worth least goes first.
//
// Which goes is S3-FIFO's choice (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023).
// A new answer enters a small queue, a tenth of the bytes. At its end it goes, unless it was given more than
// once meanwhile; then it moves to the main queue, in which it goes round as long as it is given. The hashes
// of those that went are remembered for a while: who comes again enters the main queue at once. So a client
// that asks for each page once pushes out what others asked once, and not what everybody asks; LRU and SIEVE
// lose to such a scan what is asked often. A hit writes two bits and moves nothing.
//
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "queries/cache/answer.h"
#include "queries/cache/generations.h"
#include "queries/cache/key.h"

namespace tidemill::queries {

struct CacheEntry {
  AnswerPtr answer;
  std::shared_ptr<const Dependencies> dependencies;
  SeenGenerations seen;  // of the dependencies
  MonotonicTime made_at;
  MonotonicTime fresh_until;
  MonotonicTime stale_until;  // not before fresh_until
};

class AnswerTable {
 public:
  explicit AnswerTable(std::size_t bytes_max) : bytes_max_(bytes_max), small_bytes_max_(bytes_max / 10) {}
  AnswerTable(const AnswerTable&) = delete;
  AnswerTable& operator=(const AnswerTable&) = delete;

  // Counts as a use. Borrowed until the next call; null: not there.
  const CacheEntry* Find(const CacheKey& key);
  // Replaces one of the same key. What had to go comes to `gone`, for the caller to let go of outside its
  // lock. One that is larger than the table is not taken: false.
  bool Insert(const CacheKey& key, CacheEntry entry, std::vector<AnswerPtr>& gone);
  void Erase(const CacheKey& key);

  std::size_t size() const { return places_.size(); }
  std::size_t bytes() const { return small_.bytes + main_.bytes; }
  std::uint64_t evictions() const { return evictions_; }

  // Memory that an entry takes.
  static std::size_t BytesOf(const CacheKey& key, const CacheEntry& entry);

 private:
  struct Queue;
  struct Node {
    const CacheKey* key;  // of places_
    CacheEntry entry;
    std::size_t bytes = 0;
    std::uint8_t uses = 0;  // since it entered its queue; at most kUsesMax
    Queue* queue = nullptr;
  };
  struct Queue {
    std::list<Node> nodes;  // newest first
    std::size_t bytes = 0;
  };
  using Place = std::list<Node>::iterator;
  using Places = std::unordered_map<CacheKey, Place, CacheKeyHash>;

  void MakeRoom(std::size_t bytes, std::vector<AnswerPtr>& gone);
  void EvictFromSmall(std::size_t& rounds, std::vector<AnswerPtr>& gone);
  void EvictFromMain(std::size_t& rounds, std::vector<AnswerPtr>& gone);
  void Evict(Place place, std::vector<AnswerPtr>& gone);
  void Move(Place place, Queue& to);
  void Remove(Places::iterator at);
  void RememberGhost(std::uint64_t hash);
  bool TakeGhost(std::uint64_t hash) { return ghosts_.erase(hash) > 0; }

  const std::size_t bytes_max_;
  const std::size_t small_bytes_max_;
  Queue small_;
  Queue main_;
  Places places_;
  // Hashes of what went out of the small queue, oldest first, each with its number.
  std::deque<std::pair<std::uint64_t, std::uint64_t>> ghost_order_;
  std::unordered_map<std::uint64_t, std::uint64_t> ghosts_;  // the number that counts
  std::uint64_t ghost_number_ = 0;
  std::uint64_t evictions_ = 0;
};

}  // namespace tidemill::queries
