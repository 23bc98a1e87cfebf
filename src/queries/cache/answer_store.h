// AnswerStore: the answers and the flights of all loops of a process, in shards under a lock each.
//
// A lock is held for a look-up or an insertion, well under a microsecond for nearly all; nothing is freed or
// run under it.
//
// Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "queries/cache/answer.h"
#include "queries/cache/flight.h"
#include "queries/cache/generations.h"
#include "queries/cache/key.h"
#include "queries/cache/metrics.h"
#include "queries/cache/policy.h"
#include "queries/cache/table.h"

namespace tidemill::queries {

struct AnswerStoreOptions {
  std::size_t bytes_max = 64u << 20;       // of all answers, with what keeping them takes
  std::size_t entry_bytes_max = 1u << 20;  // of one
  // A fault that the checker must find: "late_generations" reads them after the query, "join_outdated" joins
  // queries from before a write. "": none.
  std::string plant_bug_for_test;
};

// An answer with its time: a fill's, or one that another node has kept.
struct MadeAnswer {
  AnswerPtr answer;
  MonotonicTime made_at;
  MonotonicTime fresh_until;
  bool remote = false;
  bool may_keep = true;
};

class AnswerStore {
 public:
  AnswerStore(AnswerStoreOptions options, metrics::Registry& registry);
  ~AnswerStore();
  AnswerStore(const AnswerStore&) = delete;
  AnswerStore& operator=(const AnswerStore&) = delete;

  Generations& generations() { return generations_; }
  std::size_t entry_bytes_max() const { return options_.entry_bytes_max; }
  CacheMetrics& metrics() { return metrics_; }
  const AnswerStoreOptions& options() const { return options_; }
  std::size_t bytes() const;
  std::size_t entries() const;

  struct Found {
    // Null: not there. Else good, and past its time if `ttl_left` is negative.
    AnswerPtr answer;
    Duration age;
    Duration ttl_left;
    // Without an answer: never null, and this request counts as waiting for it. With one: null, or the
    // refresh that the asker begins.
    FlightPtr flight;
    bool leads = false;    // the asker must run the fill, and End the flight
    bool expired = false;  // without an answer: there was one, but it was too old or a write had ended it
  };
  // `may_refresh`: whether a stale answer may begin a flight.
  Found Find(const CacheKey& key, const std::shared_ptr<const CachePolicy>& policy, Cache& asker,
             MonotonicTime now, bool may_refresh);

  // One of `cache`'s requests no longer waits. True: nobody does, and the leader must end the fill; nobody
  // joins it any more.
  bool Leave(Flight& flight, Cache& cache);

  // What a flight has come to; nobody joins it any more. Keeps the answer if it may be kept and nothing has
  // ended it already. Gives the loops whose requests wait.
  struct Ended {
    bool kept = false;
    std::vector<Cache*> waiting;
  };
  Ended End(Flight& flight, const MadeAnswer& made);
  std::vector<Cache*> EndWithout(Flight& flight);

 private:
  struct Shard {
    explicit Shard(std::size_t bytes_max) : table(bytes_max) {}
    mutable std::mutex mutex;
    AnswerTable table;
    std::unordered_map<CacheKey, FlightPtr, CacheKeyHash> flights;
  };

  Shard& ShardOf(const CacheKey& key);
  void FindEntry(Shard& shard, const CacheKey& key, MonotonicTime now, Found& found, AnswerPtr& ended);
  FlightPtr Join(Shard& shard, const CacheKey& key, Cache& asker);
  static FlightPtr Begin(Shard& shard, const CacheKey& key, const std::shared_ptr<const CachePolicy>& policy,
                         Cache& leader, bool refresh);
  bool Keep(Shard& shard, const Flight& flight, const MadeAnswer& made, std::vector<AnswerPtr>& gone);
  static std::vector<Cache*> Land(Shard& shard, Flight& flight);

  const AnswerStoreOptions options_;
  CacheMetrics metrics_;
  Generations generations_;
  std::vector<std::unique_ptr<Shard>> shards_;
  metrics::Holder bytes_metric_;
  metrics::Holder entries_metric_;
};

}  // namespace tidemill::queries
