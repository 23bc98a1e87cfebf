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

MadeAnswer MakeAnswer(const CachePolicy& policy, Filled filled, std::size_t bytes_max, MonotonicTime at) {
  const Duration ttl = filled.response.status == 404 ? policy.missing_ttl : policy.ttl;
  return {.answer = CachedAnswer::Make(std::move(filled.response), bytes_max),
          .made_at = at,
          .fresh_until = at + Jittered(ttl),
          .may_keep = filled.may_keep};
}

// The right to run a query for all nodes: given up with the frame that holds it, however that ends.
class HeldTicket {
 public:
  HeldTicket(RemoteTier& remote, FlightPtr flight, RemoteTier::Ticket ticket)
      : remote_(remote), flight_(std::move(flight)), ticket_(std::move(ticket)) {}
  HeldTicket(const HeldTicket&) = delete;
  HeldTicket& operator=(const HeldTicket&) = delete;
  ~HeldTicket() {
    if (!ticket_.lock.empty()) remote_.GiveUp(flight_, std::move(ticket_));
  }

  void Keep(MadeAnswer made) { remote_.Keep(flight_, std::exchange(ticket_, {}), std::move(made)); }

 private:
  RemoteTier& remote_;
  const FlightPtr flight_;
  RemoteTier::Ticket ticket_;
};

}  // namespace

struct Cache::Waiters {
  IntrusiveList<Waiter> list;
  FlightEndPtr end;
};

struct Cache::Led {
  Led(Cache& c, FlightPtr f) : cache(c), flight(std::move(f)) {}

  Cache& cache;
  const FlightPtr flight;
  TaskScope scope;  // last: its task refers to the flight
};

// Destroys what was led, unless the cache has gone before and taken it along.
struct Cache::TurnEnd final : net::Retirable {
  explicit TurnEnd(std::weak_ptr<Led> l) : led(std::move(l)) {}
  ~TurnEnd() override {
    if (const std::shared_ptr<Led> found = led.lock()) found->cache.ended_.erase(found);
  }

  const std::weak_ptr<Led> led;
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

Cache::Cache(net::Loop& loop, AnswerStore& store, RemoteTier* remote)
    : loop_(loop), store_(store), remote_(remote) {}

Cache::~Cache() {
  TM_ASSERT(waiting_.empty());
  loop_.Disarm(*this);
  const auto end = std::make_shared<const FlightEnd>(Fail(Errc::kCancelled, "the server is ending"));
  for (const auto& [flight, led] : led_) Tell(led->flight, store_.EndWithout(*led->flight), end);
}

Task<void> Cache::Changed(std::vector<std::string> tables_and_tags) {
  if (remote_ == nullptr) {
    store_.generations().Bump(tables_and_tags);
    co_return;
  }
  // Noted before it can be seen here: who asks anew must not get from other nodes what has just ended.
  Task<void> told = remote_->Changed(tables_and_tags);
  store_.generations().Bump(tables_and_tags);
  co_await std::move(told);
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
                     .expired = found.expired,
                     .remote = end.made->remote};
}

void Cache::Start(FlightPtr flight, Fill fill) {
  if (flight->refresh) ++refreshes_;
  const auto led = led_.emplace(flight.get(), std::make_shared<Led>(*this, flight)).first;
  led->second->scope.Spawn(Run(std::move(flight), std::move(fill)));
}

Task<void> Cache::Run(FlightPtr flight, Fill fill) {
  if (remote_ == nullptr) {
    End(flight, co_await Make(flight, std::move(fill)));
    co_return;
  }
  RemoteTier::Terms terms = co_await remote_->Ask(flight);
  if (terms.answer) {
    End(flight, *std::move(terms.answer));
    co_return;
  }
  HeldTicket ticket(*remote_, flight, std::move(terms.ticket));
  const Result<MadeAnswer> made = co_await Make(flight, std::move(fill));
  if (End(flight, made)) ticket.Keep(*made);
}

Task<Result<MadeAnswer>> Cache::Make(FlightPtr flight, Fill fill) {
  store_.metrics().fills.Add();
  const MonotonicTime began_at = loop_.Now();
  Result<Filled> filled = co_await std::move(fill);
  if (!filled) {
    store_.metrics().fill_failures.Add();
    co_return std::unexpected(std::move(filled).error());
  }
  co_return MakeAnswer(*flight->policy, *std::move(filled), store_.entry_bytes_max(), began_at);
}

// Whether others can get it from now on.
bool Cache::End(const FlightPtr& flight, Result<MadeAnswer> made) {
  const auto led = led_.find(flight.get());
  if (led == led_.end()) return false;  // abandoned in this turn
  if (flight->refresh) --refreshes_;
  DestroyAtTurnEnd(std::move(led->second));
  led_.erase(led);
  AnswerStore::Ended ended;
  if (made) {
    ended = store_.End(*flight, *made);
  } else {
    ended.waiting = store_.EndWithout(*flight);
  }
  Tell(flight, ended.waiting, std::make_shared<const FlightEnd>(std::move(made), ended.kept));
  return ended.kept;
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

void Cache::DestroyAtTurnEnd(std::shared_ptr<Led> led) {
  loop_.Retire(std::make_unique<TurnEnd>(led));
  ended_.insert(std::move(led));
}

void Cache::Abandon(const FlightPtr& flight) {
  const auto led = led_.find(flight.get());
  if (led == led_.end()) return;
  store_.metrics().fills_abandoned.Add();
  DestroyAtTurnEnd(std::move(led->second));
  led_.erase(led);
}

}  // namespace tidemill::queries
