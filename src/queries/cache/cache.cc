#include "queries/cache/cache.h"

#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "base/random.h"

namespace tidemill::queries {
namespace {

// Within a tenth of `ttl`, so that answers that were made together do not end together.
Duration Jittered(Duration ttl) {
  const std::int64_t tenth = ttl.ms / 10;
  return {ttl.ms - tenth + static_cast<std::int64_t>(RandomBelow(static_cast<std::uint64_t>(2 * tenth + 1)))};
}

MadeAnswer MakeAnswer(const CachePolicy& policy, http::Response response, MonotonicTime at) {
  const Duration ttl = response.status == 404 ? policy.missing_ttl : policy.ttl;
  return {
      .answer = CachedAnswer::Make(std::move(response)), .made_at = at, .fresh_until = at + Jittered(ttl)};
}

}  // namespace

struct Cache::Waiters {
  IntrusiveList<Waiter> list;
  FlightEndPtr end;
};

struct Cache::Led final : net::Retirable {
  explicit Led(FlightPtr f) : flight(std::move(f)) {}

  const FlightPtr flight;
  TaskScope scope;  // last: its task refers to the flight
};

Cache::Waiter::Waiter(Cache& cache, FlightPtr flight) : cache_(cache), flight_(std::move(flight)) {
  auto& waiters = cache_.waiting_[flight_.get()];
  if (waiters == nullptr) waiters = std::make_unique<Waiters>();
  waiters->list.PushFront(*this);
}

Cache::Waiter::~Waiter() {
  if (end_ != nullptr) return;
  IntrusiveList<Waiter>::Remove(*this);
  cache_.Leave(flight_);
}

void Cache::Waiter::Resume(FlightEndPtr end) {
  end_ = std::move(end);
  if (awaiter_) std::exchange(awaiter_, nullptr).resume();
}

Cache::Cache(net::Loop& loop, AnswerStore& store) : loop_(loop), store_(store) {}

Cache::~Cache() {
  TM_ASSERT(waiting_.empty());
  loop_.Disarm(*this);
  const auto end = std::make_shared<const FlightEnd>(Fail(Errc::kCancelled, "the server is ending"));
  for (const auto& [flight, led] : led_) Tell(led->flight, store_.EndWithout(*led->flight), end);
}

Task<void> Cache::Changed(std::vector<std::string> tables_and_tags) {
  store_.generations().Bump(tables_and_tags);
  co_return;
}

AnswerStore::Found Cache::Find(const CacheKey& key, const std::shared_ptr<const CachePolicy>& policy) {
  return store_.Find(key, policy, *this, loop_.Now(), refreshes_ < kRefreshesMax);
}

FoundAnswer Cache::Kept(AnswerStore::Found found) {
  const bool stale = found.ttl_left < Duration{};
  return {.answer = std::move(found.answer),
          .how = stale ? FoundAnswer::How::kStale : FoundAnswer::How::kHit,
          .age = found.age,
          .ttl_left = found.ttl_left,
          .kept = true};
}

Result<FoundAnswer> Cache::Made(const AnswerStore::Found& found, const FlightEnd& end) const {
  if (!end.made) return std::unexpected(end.made.error());
  return FoundAnswer{.answer = end.made->answer,
                     .how = found.leads ? FoundAnswer::How::kMiss : FoundAnswer::How::kJoined,
                     .age = std::max(loop_.Now() - end.made->made_at, Duration{}),
                     .ttl_left = end.made->fresh_until - loop_.Now(),
                     .kept = end.kept,
                     .expired = found.expired};
}

void Cache::Start(FlightPtr flight, Fill fill) {
  if (flight->refresh) ++refreshes_;
  store_.metrics().fills.Add();
  const auto led = led_.emplace(flight.get(), std::make_unique<Led>(flight)).first;
  led->second->scope.Spawn(Run(std::move(flight), std::move(fill)));
}

Task<void> Cache::Run(FlightPtr flight, Fill fill) {
  const MonotonicTime began_at = loop_.Now();
  Result<http::Response> response = co_await std::move(fill);
  if (!response) {
    store_.metrics().fill_failures.Add();
    End(flight, std::unexpected(std::move(response).error()));
    co_return;
  }
  End(flight, MakeAnswer(*flight->policy, *std::move(response), began_at));
}

void Cache::End(const FlightPtr& flight, Result<MadeAnswer> made) {
  const auto led = led_.find(flight.get());
  if (led == led_.end()) return;  // abandoned in this turn
  if (flight->refresh) --refreshes_;
  loop_.Retire(std::move(led->second));
  led_.erase(led);
  AnswerStore::Ended ended;
  if (made) {
    ended = store_.End(*flight, *made);
  } else {
    ended.waiting = store_.EndWithout(*flight);
  }
  Tell(flight, ended.waiting, std::make_shared<const FlightEnd>(std::move(made), ended.kept));
}

void Cache::Tell(const FlightPtr& flight, const std::vector<Cache*>& caches, const FlightEndPtr& end) {
  for (Cache* const cache : caches) {
    if (cache == this) continue;
    cache->loop_.Post([cache, flight, end] { cache->Deliver(flight, end); });
  }
  if (std::ranges::find(caches, this) != caches.end()) Deliver(flight, end);
}

// The first goes on at once, the others behind all who have something to do: thousands may have waited.
void Cache::Deliver(const FlightPtr& flight, FlightEndPtr end) {
  const auto found = waiting_.find(flight.get());
  if (found == waiting_.end()) return;
  std::unique_ptr<Waiters> waiters = std::move(found->second);
  waiting_.erase(found);
  waiters->end = std::move(end);
  Waiter& first = *waiters->list.front();
  IntrusiveList<Waiter>::Remove(first);
  const FlightEndPtr first_end = waiters->end;
  if (!waiters->list.empty()) {
    ready_.push_back(std::move(waiters));
    loop_.ArmBehind(*this);
  }
  first.Resume(first_end);
}

void Cache::OnReady(std::uint32_t) {
  while (!ready_.empty()) {
    Waiters& waiters = *ready_.front();
    if (Waiter* const waiter = waiters.list.front()) {
      IntrusiveList<Waiter>::Remove(*waiter);
      waiter->Resume(waiters.end);
    } else {
      ready_.pop_front();
    }
    if (!ready_.empty() && loop_.ShareSpent()) return loop_.ArmBehind(*this);
  }
}

void Cache::Leave(const FlightPtr& flight) {
  if (const auto found = waiting_.find(flight.get()); found != waiting_.end()) {
    if (found->second->list.empty()) waiting_.erase(found);
  }
  if (!store_.Leave(*flight, *this)) return;
  Cache* const leader = flight->leader;
  if (leader == this) return Abandon(flight);
  leader->loop_.Post([leader, flight] { leader->Abandon(flight); });
}

void Cache::Abandon(const FlightPtr& flight) {
  const auto led = led_.find(flight.get());
  if (led == led_.end()) return;
  store_.metrics().fills_abandoned.Add();
  loop_.Retire(std::move(led->second));
  led_.erase(led);
}

}  // namespace tidemill::queries
