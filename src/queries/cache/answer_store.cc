#include "queries/cache/answer_store.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tidemill::queries {
namespace {

constexpr std::size_t kShardsMax = 64;

// As many as leave room for some of the largest answers in each.
std::size_t ShardCount(const AnswerStoreOptions& options) {
  const std::size_t fit = options.bytes_max / (4 * std::max<std::size_t>(options.entry_bytes_max, 1));
  return std::bit_floor(std::clamp<std::size_t>(fit, 1, kShardsMax));
}

void CountWaiting(Flight& flight, Cache& cache) {
  const auto found = std::ranges::find(flight.waiting, &cache, &Flight::Waiting::cache);
  if (found != flight.waiting.end()) {
    ++found->requests;
  } else {
    flight.waiting.push_back({.cache = &cache, .requests = 1});
  }
}

}  // namespace

AnswerStore::AnswerStore(AnswerStoreOptions options, metrics::Registry& registry)
    : options_(std::move(options)), metrics_(registry) {
  const std::size_t count = ShardCount(options_);
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(options_.bytes_max / count));
  }
  bytes_metric_ = registry.OpenCallback("tidemill_query_cache_bytes", "Memory of the answers kept.", {},
                                        [this] { return static_cast<double>(bytes()); });
  entries_metric_ = registry.OpenCallback("tidemill_query_cache_entries", "Answers kept.", {},
                                          [this] { return static_cast<double>(entries()); });
}

AnswerStore::~AnswerStore() = default;

std::size_t AnswerStore::bytes() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    sum += shard->table.bytes();
  }
  return sum;
}

std::size_t AnswerStore::entries() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    sum += shard->table.size();
  }
  return sum;
}

AnswerStore::Shard& AnswerStore::ShardOf(const CacheKey& key) {
  return *shards_[(key.hash() >> 32) & (shards_.size() - 1)];
}

AnswerStore::Found AnswerStore::Find(const CacheKey& key, const std::shared_ptr<const CachePolicy>& policy,
                                     Cache& asker, MonotonicTime now, bool may_refresh) {
  Shard& shard = ShardOf(key);
  Found found;
  AnswerPtr ended;  // goes when the lock has gone
  const std::lock_guard lock(shard.mutex);
  FindEntry(shard, key, now, found, ended);
  if (found.answer != nullptr) {
    const bool stale = found.ttl_left < Duration{};
    (stale ? metrics_.stale : metrics_.hits).Add();
    if (!stale || !may_refresh || shard.flights.contains(key)) return found;
    found.flight = Begin(shard, key, policy, asker, true);
    found.leads = true;
    return found;
  }
  found.flight = Join(shard, key, asker);
  if (found.flight != nullptr) {
    metrics_.joins.Add();
    return found;
  }
  metrics_.misses.Add();
  found.flight = Begin(shard, key, policy, asker, false);
  found.leads = true;
  return found;
}

void AnswerStore::FindEntry(Shard& shard, const CacheKey& key, MonotonicTime now, Found& found,
                            AnswerPtr& ended) {
  const CacheEntry* const entry = shard.table.Find(key);
  if (entry == nullptr) return;
  const bool changed = !entry->dependencies->AreAt(entry->seen);
  if (changed || now >= entry->stale_until) {
    if (changed) metrics_.invalidations.Add();
    found.expired = true;
    ended = entry->answer;
    shard.table.Erase(key);
    return;
  }
  found.answer = entry->answer;
  found.age = now - entry->made_at;
  found.ttl_left = entry->fresh_until - now;
  if (now >= entry->fresh_until) found.ttl_left = std::min(found.ttl_left, Milliseconds(-1));
}

// A flight that began before a table changed is not joined: its answer may lack what the asker was told is
// written.
FlightPtr AnswerStore::Join(Shard& shard, const CacheKey& key, Cache& asker) {
  const auto found = shard.flights.find(key);
  if (found == shard.flights.end()) return nullptr;
  Flight& flight = *found->second;
  const bool any = options_.plant_bug_for_test == "join_outdated";
  if (!any && !flight.policy->dependencies->AreAt(flight.seen)) return nullptr;
  CountWaiting(flight, asker);
  return found->second;
}

FlightPtr AnswerStore::Begin(Shard& shard, const CacheKey& key,
                             const std::shared_ptr<const CachePolicy>& policy, Cache& leader, bool refresh) {
  auto flight = std::make_shared<Flight>(Flight{.key = key,
                                                .policy = policy,
                                                .seen = policy->dependencies->Read(),
                                                .leader = &leader,
                                                .refresh = refresh});
  if (!refresh) CountWaiting(*flight, leader);
  shard.flights.insert_or_assign(key, flight);
  return flight;
}

bool AnswerStore::Leave(Flight& flight, Cache& cache) {
  Shard& shard = ShardOf(flight.key);
  const std::lock_guard lock(shard.mutex);
  const auto found = std::ranges::find(flight.waiting, &cache, &Flight::Waiting::cache);
  if (found == flight.waiting.end()) return false;  // it has ended
  if (--found->requests == 0) flight.waiting.erase(found);
  if (!flight.waiting.empty() || flight.refresh) return false;
  Land(shard, flight);
  return true;
}

std::vector<Cache*> AnswerStore::Land(Shard& shard, Flight& flight) {
  const auto found = shard.flights.find(flight.key);
  if (found != shard.flights.end() && found->second.get() == &flight) shard.flights.erase(found);
  std::vector<Cache*> waiting;
  for (const Flight::Waiting& one : flight.waiting) waiting.push_back(one.cache);
  flight.waiting.clear();
  return waiting;
}

AnswerStore::Ended AnswerStore::End(Flight& flight, const MadeAnswer& made) {
  Shard& shard = ShardOf(flight.key);
  std::vector<AnswerPtr> gone;  // go when the lock has gone
  const std::lock_guard lock(shard.mutex);
  Ended ended;
  ended.kept = Keep(shard, flight, made, gone);
  ended.waiting = Land(shard, flight);
  return ended;
}

std::vector<Cache*> AnswerStore::EndWithout(Flight& flight) {
  Shard& shard = ShardOf(flight.key);
  const std::lock_guard lock(shard.mutex);
  return Land(shard, flight);
}

bool AnswerStore::Keep(Shard& shard, const Flight& flight, const MadeAnswer& made,
                       std::vector<AnswerPtr>& gone) {
  const int status = made.answer->response.status;
  if (!made.may_keep || (status != 200 && status != 404)) return false;
  const CachePolicy& policy = *flight.policy;
  const bool late = options_.plant_bug_for_test == "late_generations";
  const SeenGenerations seen = late ? policy.dependencies->Read() : flight.seen;
  if (!policy.dependencies->AreAt(seen) || policy.dependencies->AreHeld()) {
    metrics_.outdated.Add();
    return false;
  }
  const Duration swr = status == 200 ? policy.stale_while_revalidate : Duration{};
  CacheEntry entry{.answer = made.answer,
                   .dependencies = policy.dependencies,
                   .seen = seen,
                   .made_at = made.made_at,
                   .fresh_until = made.fresh_until,
                   .stale_until = made.fresh_until + swr};
  const std::uint64_t evictions = shard.table.evictions();
  if (AnswerTable::BytesOf(flight.key, entry) > options_.entry_bytes_max ||
      !shard.table.Insert(flight.key, std::move(entry), gone)) {
    metrics_.too_large.Add();
    shard.table.Erase(flight.key);
    return false;
  }
  metrics_.evictions.Add(shard.table.evictions() - evictions);
  return true;
}

}  // namespace tidemill::queries
