#include "realtime/broker/redis/owner.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "realtime/broker/glob.h"
#include "realtime/broker/recovery.h"

namespace tidemill::broker::redis_broker {
namespace {

// A channel nobody subscribes to any more stays subscribed in Redis for a while: clients come back.
constexpr Duration kUnsubscribeDelay = Seconds(1);
constexpr std::size_t kCatchUpsAtOnce = 256;
constexpr std::int32_t kCatchUpPage = 512;
constexpr Duration kCatchUpRetry = Milliseconds(200);
// Publications kept for subscribers whose read is under way.
constexpr std::size_t kRecentMax = 8192;
constexpr int kJoinAttempts = 5;

std::unexpected<Error> NotConnected() { return Fail(Errc::kUnavailable, "the channel's Redis is away"); }

}  // namespace

// A channel that is subscribed to in Redis, or about to be.
struct Owner::Followed final : net::Timer {
  Followed(Owner& o, ChannelName n) : owner(o), name(std::move(n)) {}
  void OnTimer() override { owner.OnDue(*this); }

  Owner& owner;
  const ChannelName name;
  SubscriptionCounts subscriptions;
  std::size_t holds = 0;        // tasks that refer to it
  bool subscribed = false;      // Redis acknowledged
  bool lost = false;            // and then its connection ended
  bool known = false;           // `seen` means something
  StreamPosition seen;          // the last that was handed on
  bool catching_up = false;     // messages wait for the stream to be read, or are in it
  std::uint64_t passed_by = 0;  // the highest offset that came meanwhile
  Duration meta_ttl = StreamSettings{}.meta_ttl;
  MonotonicTime heard{};  // the last publication or check
  std::size_t readers = 0;
  std::vector<PublicationPtr> recent;  // handed on since the first of `readers` began
  bool recent_overflowed = false;
  std::vector<net::Reply<bool>::Sender> waiting_for_catch_up;
};

// Keeps a Followed from being erased.
class Owner::Hold {
 public:
  explicit Hold(Followed& followed) : followed_(followed) { ++followed_.holds; }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() {
    --followed_.holds;
    followed_.owner.EraseIfUnused(followed_);
  }

 private:
  Followed& followed_;
};

Owner::Owner(net::Loop& loop, Parts parts) : loop_(loop), parts_(parts) {}
Owner::~Owner() { ending_ = true; }

Owner::Followed& Owner::FindOrAdd(const ChannelName& channel) {
  auto& slot = channels_[channel.value()];
  if (!slot) {
    slot = std::make_unique<Followed>(*this, channel);
    channels_count_.store(channels_.size(), std::memory_order_relaxed);
  }
  return *slot;
}

Owner::Followed* Owner::Find(std::string_view channel) {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? nullptr : found->second.get();
}

// ---- subscribers

void Owner::Subscribe(ChannelName channel, SubscribeOptions options, std::size_t loop_index,
                      std::shared_ptr<Ticket> ticket, Answer answer) {
  scope_.Spawn(Serve(std::move(channel), std::move(options), loop_index, std::move(ticket), answer));
}

Task<void> Owner::Serve(ChannelName channel, SubscribeOptions options, std::size_t loop_index,
                        std::shared_ptr<Ticket> ticket, Answer answer) {
  Followed& followed = FindOrAdd(channel);
  const Hold hold(followed);
  auto outcome = co_await Join(followed, std::move(options));
  if (outcome && !ticket->given_up) {
    if (followed.subscriptions.empty()) parts_.occupancy.Push(followed.name, Occupancy::kOccupied);
    followed.subscriptions.Add(loop_index);
    ticket->subscribed = true;
    Schedule(followed);
  }
  answer.Send(std::move(outcome));
}

Task<Result<SubscribeOutcome>> Owner::Join(Followed& followed, SubscribeOptions options) {
  if (followed.lost) co_return NotConnected();
  if (!followed.subscribed) {
    TM_CO_TRY(co_await subscriber_->Subscribe(parts_.keys.Live(followed.name)));
    if (followed.lost) co_return NotConnected();
    followed.subscribed = true;
  }
  if (!options.stream.enabled()) co_return SubscribeOutcome{};
  followed.meta_ttl = options.stream.meta_ttl;
  ++followed.readers;
  auto outcome = co_await ReadAndJoin(followed, std::move(options));
  if (--followed.readers == 0) {
    followed.recent.clear();
    followed.recent.shrink_to_fit();
    followed.recent_overflowed = false;
  }
  co_return outcome;
}

Task<Result<SubscribeOutcome>> Owner::ReadAndJoin(Followed& followed, SubscribeOptions options) {
  ReadQuery query;
  if (options.recover) {
    query.count = static_cast<std::int32_t>(RecoveryReadCount(options));
    query.reverse = options.mode == RecoveryMode::kCache;
    if (!query.reverse) query.since = options.recover->offset;
  }
  for (int attempt = 0; attempt < kJoinAttempts; ++attempt) {
    TM_CO_TRY_ASSIGN(StreamRead read, co_await parts_.store.Read(followed.name, query, followed.meta_ttl));
    const std::uint64_t top = read.top.offset;
    TM_CO_TRY_ASSIGN(const bool aligned, co_await Align(followed, read.top));
    if (!aligned) continue;
    SubscribeOutcome outcome;
    if (options.recover) {
      if (parts_.bugs.skip_epoch_check) options.recover->epoch.clear();
      outcome = DecideRecovery(options, std::move(read));
    }
    for (const PublicationPtr& publication : followed.recent) {
      if (!outcome.recovered || publication->offset <= top || parts_.bugs.forget_buffered) continue;
      if (options.mode == RecoveryMode::kCache) outcome.publications.clear();
      outcome.publications.push_back(publication);
    }
    outcome.top = followed.seen;
    co_return outcome;
  }
  co_return Fail(Errc::kUnavailable, "the stream changes faster than it can be read");
}

Task<Result<bool>> Owner::Align(Followed& followed, StreamPosition top) {
  const auto in_line = [&] {
    return followed.known && followed.seen.epoch == top.epoch && followed.seen.offset >= top.offset &&
           !followed.catching_up;
  };
  if (!followed.known && followed.subscriptions.empty()) {
    followed.known = true;
    followed.seen = std::move(top);
    followed.heard = loop_.Now();
    co_return true;
  }
  if (!in_line()) {
    // After this every message that was published before the read has come.
    TM_CO_TRY(co_await subscriber_->Barrier(parts_.keys.Live(followed.name)));
    if (followed.lost) co_return NotConnected();
    if (!followed.known) {
      followed.known = true;
      followed.seen = top;
    }
  }
  if (!in_line()) {
    net::Reply<bool> caught_up(loop_);
    followed.waiting_for_catch_up.push_back(caught_up.sender());
    CatchUpSoon(followed);
    co_await caught_up;
    if (followed.lost) co_return NotConnected();
  }
  co_return in_line() && !followed.recent_overflowed;
}

void Owner::Unsubscribe(const ChannelName& channel, std::size_t loop_index) {
  Followed* const followed = Find(channel.value());
  TM_ASSERT(followed != nullptr);
  followed->subscriptions.Remove(loop_index);
  if (followed->subscriptions.empty()) parts_.occupancy.Push(channel, Occupancy::kVacated);
  EraseIfUnused(*followed);
}

void Owner::EraseIfUnused(Followed& followed) {
  if (ending_ || followed.holds > 0 || !followed.subscriptions.empty()) return;
  if (!followed.subscribed || followed.lost) {
    subscriber_->Unsubscribe(parts_.keys.Live(followed.name));
    channels_.erase(channels_.find(followed.name.value()));
    channels_count_.store(channels_.size(), std::memory_order_relaxed);
    return;
  }
  if (followed.readers == 0) loop_.timers().Schedule(followed, loop_.Now() + kUnsubscribeDelay);
}

// ---- time: unsubscribing what is not used, checking what is silent

void Owner::Schedule(Followed& followed) {
  if (parts_.position_check_delay.ms == 0) return loop_.timers().Cancel(followed);
  // A little apart, so that those who subscribed together do not ask together.
  const auto spread = static_cast<std::int64_t>(std::hash<std::string>{}(followed.name.value()) % 1000);
  const Duration delay = Milliseconds(parts_.position_check_delay.ms * (1000 + spread / 4) / 1000);
  loop_.timers().Schedule(followed, loop_.Now() + delay);
}

void Owner::OnDue(Followed& followed) {
  if (followed.holds > 0) return Schedule(followed);
  if (followed.subscriptions.empty()) {
    subscriber_->Unsubscribe(parts_.keys.Live(followed.name));
    channels_.erase(channels_.find(followed.name.value()));
    channels_count_.store(channels_.size(), std::memory_order_relaxed);
    return;
  }
  const bool silent = loop_.Now() - followed.heard >= parts_.position_check_delay;
  if (followed.known && !followed.lost && silent && !parts_.bugs.skip_catch_up) CatchUpSoon(followed);
  Schedule(followed);
}

std::vector<ChannelCount> Owner::SubscribedChannels(std::string_view pattern, std::size_t count_max) const {
  std::vector<ChannelCount> found;
  for (const auto& [name, followed] : channels_) {
    if (followed->subscriptions.empty()) continue;
    if (!pattern.empty() && !MatchesGlob(pattern, name)) continue;
    found.push_back({.channel = name, .subscriptions = followed->subscriptions.total()});
    if (found.size() > count_max) break;
  }
  return found;
}

// ---- what Redis says

void Owner::OnMessage(std::string_view live, std::string_view payload) {
  const auto channel = parts_.keys.ChannelOf(live);
  Followed* const followed = channel ? Find(*channel) : nullptr;
  if (!followed) return;
  parts_.metrics.messages.Add();
  auto message = DecodeMessage(payload);
  if (!message) return parts_.metrics.malformed.Add();
  if (auto* publication = std::get_if<LivePublication>(&*message))
    return Take(*followed, std::move(*publication));
  if (auto* join = std::get_if<JoinMessage>(&*message)) {
    parts_.delivery.Deliver(followed->subscriptions, followed->name, broker::Join{std::move(join->info)});
  } else if (auto* leave = std::get_if<LeaveMessage>(&*message)) {
    parts_.delivery.Deliver(followed->subscriptions, followed->name, Leave{std::move(leave->info)});
  } else if (followed->known && std::get<NewEpoch>(*message).epoch != followed->seen.epoch) {
    CatchUpSoon(*followed);
  }
}

void Owner::Take(Followed& followed, LivePublication live) {
  const bool first = live.position.offset == 1;
  if (first) live.publication.epoch = live.position.epoch;
  auto publication = std::make_shared<const Publication>(std::move(live.publication));
  if (live.position.offset == 0) {
    return parts_.delivery.Deliver(followed.subscriptions, followed.name, std::move(publication));
  }
  if (followed.catching_up) {
    followed.passed_by = std::max(followed.passed_by, live.position.offset);
    return;
  }
  if (!followed.known) return Accept(followed, std::move(live.position), std::move(publication));
  const bool same_epoch = live.position.epoch == followed.seen.epoch || parts_.bugs.skip_epoch_check;
  if (same_epoch && live.position.offset <= followed.seen.offset) {
    // Late, after its stream was read; or given out again by a server that fell back.
    if (loop_.Now() - followed.heard >= Seconds(1)) CatchUpSoon(followed);
    return;
  }
  if (same_epoch && (live.follows == followed.seen.offset || parts_.bugs.skip_catch_up)) {
    return Accept(followed, std::move(live.position), std::move(publication));
  }
  if (!same_epoch) {
    // Begun anew: whoever followed must recover, the others go on with this one.
    Lose(followed, live.position);
    return Accept(followed, std::move(live.position), std::move(publication));
  }
  parts_.metrics.gaps.Add();
  followed.passed_by = std::max(followed.passed_by, live.position.offset);
  CatchUpSoon(followed);
}

void Owner::Accept(Followed& followed, StreamPosition position, PublicationPtr publication) {
  followed.known = true;
  followed.seen = std::move(position);
  followed.heard = loop_.Now();
  if (followed.readers > 0) {
    if (followed.recent.size() < kRecentMax) {
      followed.recent.push_back(publication);
    } else {
      followed.recent_overflowed = true;
    }
  }
  parts_.delivery.Deliver(followed.subscriptions, followed.name, std::move(publication));
}

void Owner::OnLost(const std::string& live) {
  const auto channel = parts_.keys.ChannelOf(live);
  if (Followed* const followed = channel ? Find(*channel) : nullptr) followed->lost = true;
}

void Owner::OnRestored(const std::string& live) {
  const auto channel = parts_.keys.ChannelOf(live);
  Followed* const followed = channel ? Find(*channel) : nullptr;
  if (!followed) return;
  if (parts_.bugs.drop_resubscribe) return subscriber_->Unsubscribe(live);
  followed->lost = false;
  if (followed->known && !parts_.bugs.skip_catch_up) CatchUpSoon(*followed);
}

// ---- catching up

void Owner::CatchUpSoon(Followed& followed) {
  if (std::exchange(followed.catching_up, true)) return;
  to_catch_up_.push_back(followed.name);
  PumpCatchUps();
}

void Owner::PumpCatchUps() {
  while (catching_up_ < kCatchUpsAtOnce && !to_catch_up_.empty()) {
    ++catching_up_;
    ChannelName channel = std::move(to_catch_up_.front());
    to_catch_up_.pop_front();
    scope_.Spawn(CatchUp(std::move(channel)));
  }
}

Task<void> Owner::CatchUp(ChannelName channel) {
  Followed* const found = Find(channel.value());
  if (found && found->catching_up) {
    Followed& followed = *found;
    const Hold hold(followed);
    parts_.metrics.catch_ups.Add();
    bool more = true;
    while (more && !followed.lost) {
      const auto done = co_await CatchUpOnce(followed);
      if (!done) co_await net::Sleep(loop_, kCatchUpRetry);
      more = !done || !*done || followed.passed_by > followed.seen.offset;
    }
    followed.passed_by = 0;
    followed.catching_up = false;
    for (const auto& waiting : std::exchange(followed.waiting_for_catch_up, {})) waiting.Send(true);
  }
  --catching_up_;
  PumpCatchUps();
}

// One page. True: the top is reached.
Task<Result<bool>> Owner::CatchUpOnce(Followed& followed) {
  ReadQuery query{.since = followed.seen.offset, .count = kCatchUpPage};
  if (parts_.bugs.duplicate_delivery && followed.seen.offset > 0) query.since = followed.seen.offset - 1;
  TM_CO_TRY_ASSIGN(StreamRead read, co_await parts_.store.Read(followed.name, query, followed.meta_ttl));
  followed.heard = loop_.Now();
  if (read.top.epoch != followed.seen.epoch && !parts_.bugs.skip_epoch_check) {
    Lose(followed, std::move(read.top));
    co_return true;
  }
  const std::uint64_t seen = followed.seen.offset;
  const bool skipped = !read.publications.empty() && read.follows < *query.since;
  if ((read.top.offset < seen || skipped) && !parts_.bugs.reuse_offsets) {
    TM_CO_TRY(co_await FallBack(followed));
    co_return true;
  }
  const bool missing = read.publications.empty() ? read.top.offset > seen : read.follows > *query.since;
  if (missing) {  // removed, expired, trimmed
    Lose(followed, std::move(read.top));
    co_return true;
  }
  for (PublicationPtr& publication : read.publications) {
    parts_.metrics.caught_up.Add();
    StreamPosition position{.offset = publication->offset, .epoch = read.top.epoch};
    Accept(followed, std::move(position), std::move(publication));
  }
  co_return followed.seen.offset >= read.top.offset;
}

// Redis lost the newest part of the stream. Nobody may take what comes next for its continuation.
Task<Result<void>> Owner::FallBack(Followed& followed) {
  log::Warn(
      "broker.stream_fell_back",
      {{"channel", followed.name.value()}, {"seen", followed.seen.offset}, {"epoch", followed.seen.epoch}});
  TM_CO_TRY(co_await parts_.store.BeginAnew(followed.name, followed.seen, followed.meta_ttl));
  TM_CO_TRY_ASSIGN(StreamRead read, co_await parts_.store.Read(followed.name, {}, followed.meta_ttl));
  Lose(followed, std::move(read.top));
  co_return Result<void>();
}

void Owner::Lose(Followed& followed, StreamPosition now) {
  parts_.metrics.streams_lost.Add();
  followed.seen = std::move(now);
  followed.passed_by = 0;
  followed.recent.clear();
  parts_.delivery.Deliver(followed.subscriptions, followed.name, StreamLost{});
}

}  // namespace tidemill::broker::redis_broker
