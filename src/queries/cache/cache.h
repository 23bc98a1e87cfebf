// Cache: a loop's way to the answers that the process keeps, and to the queries that make them.
//
//   co_await cache.Get(*MakeCacheKey({…}), policy, [&] { return Query(endpoint, parameters, claims); });
//
// gives an answer that is kept, or runs the query and keeps what it gives. Of all requests of all loops that
// ask for the same key at the same time one runs the query, the others wait for it. A query goes on while
// anybody waits for its answer, whoever began it; when nobody does, it is cancelled. If it fails, all who
// wait get its error, and the next request tries again. An answer that is past its time, but within
// stale_while_revalidate, is given at once, and one request begins to make a new one.
//
// An answer that a request gets holds every write whose Changed was called in this process before the
// request.
//
// Thread: one Cache per loop; call it on that loop. It is destroyed after the tasks that wait in it, and
// before the store.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "base/result.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "queries/cache/answer.h"
#include "queries/cache/answer_store.h"
#include "queries/cache/flight.h"
#include "queries/cache/key.h"
#include "queries/cache/policy.h"
#include "queries/cache/remote_tier.h"

namespace tidemill::queries {

struct FoundAnswer {
  enum class How : std::uint8_t {
    kHit,     // kept
    kStale,   // kept, past its time; another is being made
    kMiss,    // this request began the query
    kJoined,  // another request's query
  };
  AnswerPtr answer;  // never null
  How how = How::kMiss;
  Duration age;
  Duration ttl_left;     // negative: past its time
  bool kept = false;     // other requests can get it
  bool expired = false;  // of kMiss and kJoined: there was one that is no longer good
  bool remote = false;   // of kMiss and kJoined: no query was run, another node has kept it
};

// What a query has given. Whole (no body_source).
struct Filled {
  http::Response response;
  bool may_keep = true;  // of status 200 or 404; all others are only given to who waits
};

// A query under way. It owns all that it touches: the request that began it may go first.
using Fill = Task<Result<Filled>>;

class Cache final : private net::Pollable {
 public:
  // Refreshes of stale answers that a loop runs at the same time; further ones wait for another request.
  static constexpr std::size_t kRefreshesMax = 64;

  // `remote` may be null: there are no other nodes. All outlive it.
  Cache(net::Loop& loop, AnswerStore& store, RemoteTier* remote = nullptr);
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // `make_fill()` gives the Fill to run, if this request is to run one; called at most once, before Get waits
  // for anything. Errors are the fill's; kCancelled: the server is ending.
  template <class MakeFill>
  Task<Result<FoundAnswer>> Get(CacheKey key, std::shared_ptr<const CachePolicy> policy, MakeFill make_fill);

  // Ends all answers that depend on any of these tables and tags, or on anything (Generations::kEverything).
  // To be awaited after a commit, also after one whose answer was lost, and before the client is told.
  Task<void> Changed(std::vector<std::string> tables_and_tags);

  AnswerStore& store() { return store_; }

 private:
  class Waiter;
  struct Waiters;
  struct Led;
  struct TurnEnd;
  struct FlightEnd {
    Result<MadeAnswer> made;
    bool kept = false;
  };
  using FlightEndPtr = std::shared_ptr<const FlightEnd>;

  AnswerStore::Found Find(const CacheKey& key, const std::shared_ptr<const CachePolicy>& policy);
  static FoundAnswer Kept(AnswerStore::Found found);
  Result<FoundAnswer> Made(const AnswerStore::Found& found, const FlightEnd& end) const;
  void Start(FlightPtr flight, Fill fill);
  Task<void> Run(FlightPtr flight, Fill fill);
  Task<Result<MadeAnswer>> Make(FlightPtr flight, Fill fill);
  bool End(const FlightPtr& flight, Result<MadeAnswer> made);
  void Tell(const FlightPtr& flight, const std::vector<Cache*>& caches, const FlightEndPtr& end);
  void Deliver(const FlightPtr& flight, FlightEndPtr end);
  void Leave(const FlightPtr& flight);
  void Abandon(const FlightPtr& flight);
  void DestroyAtTurnEnd(std::shared_ptr<Led> led);
  void OnReady(std::uint32_t epoll_events) override;

  net::Loop& loop_;
  AnswerStore& store_;
  RemoteTier* const remote_;
  std::unordered_map<const Flight*, std::unique_ptr<Waiters>> waiting_;
  std::deque<std::unique_ptr<Waiters>> ready_;  // their flights have ended
  std::unordered_map<const Flight*, std::shared_ptr<Led>> led_;
  std::unordered_set<std::shared_ptr<Led>> ended_;  // until the end of the turn: their tasks may still run
  std::size_t refreshes_ = 0;
};

// Waits for the end of a flight. Destroyed while it waits, it leaves.
class [[nodiscard]] Cache::Waiter final : public ListLink<Cache::Waiter> {
 public:
  Waiter(Cache& cache, FlightPtr flight);
  ~Waiter();

  bool await_ready() const { return end_ != nullptr; }
  void await_suspend(std::coroutine_handle<> awaiter) { awaiter_ = awaiter; }
  FlightEndPtr await_resume() { return end_; }

  void Resume(FlightEndPtr end);

 private:
  Cache& cache_;
  const FlightPtr flight_;
  FlightEndPtr end_;
  std::coroutine_handle<> awaiter_;
};

template <class MakeFill>
Task<Result<FoundAnswer>> Cache::Get(CacheKey key, std::shared_ptr<const CachePolicy> policy,
                                     MakeFill make_fill) {
  AnswerStore::Found found = Find(key, policy);
  if (found.answer != nullptr) {
    if (found.leads) Start(found.flight, make_fill());
    co_return Kept(std::move(found));
  }
  Waiter waiter(*this, found.flight);
  if (found.leads) Start(found.flight, make_fill());
  const FlightEndPtr end = co_await waiter;
  co_return Made(found, *end);
}

}  // namespace tidemill::queries
