#include "realtime/broker/redis/channel_follower.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "realtime/broker/recovery.h"

namespace tidemill::broker::redis_broker {
namespace {

// How long a channel stays subscribed in Redis after its last subscriber: clients come back.
constexpr Duration kUnsubscribeDelay = Seconds(1);
constexpr std::size_t kCatchUpsAtOnce = 256;
constexpr std::int32_t kCatchUpPage = 512;
constexpr Duration kCatchUpRetry = Milliseconds(200);
// Publications kept for subscribers whose stream is being read.
constexpr std::size_t kRecentMax = 8192;
constexpr int kJoinAttempts = 5;

std::unexpected<Error> NotConnected() { return Fail(Errc::kUnavailable, "the channel's Redis is away"); }

}  // namespace

// A channel that is subscribed to in Redis, or about to be.
struct ChannelFollower::FollowedChannel final : net::Timer {
  FollowedChannel(ChannelFollower& f, ChannelName n) : follower(f), name(std::move(n)) {}
  void OnTimer() override { follower.OnTimer(*this); }

  ChannelFollower& follower;
  const ChannelName name;
  SubscriptionCounts subscriptions;
  std::size_t pins = 0;            // tasks that refer to it
  bool subscribed = false;         // Redis acknowledged
  bool disconnected = false;       // its connection ended after that
  bool seen_valid = false;         // `seen` holds a position
  StreamPosition seen;             // the last that was delivered
  bool catching_up = false;        // messages are not delivered: the stream is being read
  std::uint64_t missed_up_to = 0;  // the highest offset of those messages
  Duration meta_ttl = StreamSettings{}.meta_ttl;
  bool keys_expire = false;
  MonotonicTime last_heard{};          // of a publication or a read
  std::size_t readers = 0;             // subscribers whose stream is being read
  std::vector<PublicationPtr> recent;  // delivered since the first of `readers` began
  bool recent_overflowed = false;
  std::vector<net::Reply<bool>::Sender> waiting_for_catch_up;
};

// Keeps a FollowedChannel from being erased.
class ChannelFollower::Pin {
 public:
  explicit Pin(FollowedChannel& followed) : followed_(followed) { ++followed_.pins; }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin() {
    --followed_.pins;
    followed_.follower.EraseIfUnused(followed_);
  }

 private:
  FollowedChannel& followed_;
};

ChannelFollower::ChannelFollower(net::Loop& loop, const Dependencies& dependencies)
    : loop_(loop),
      delivery_(dependencies.delivery),
      occupancy_(dependencies.occupancy),
      store_(dependencies.store),
      keys_(dependencies.keys),
      bugs_(dependencies.bugs),
      metrics_(dependencies.metrics),
      sweeper_(dependencies.sweeper),
      position_check_delay_(dependencies.position_check_delay),
      subscribes_waiting_max_(dependencies.subscribes_waiting_max) {}
ChannelFollower::~ChannelFollower() { ending_ = true; }

ChannelFollower::FollowedChannel& ChannelFollower::FindOrAdd(const ChannelName& channel) {
  auto& slot = channels_[channel.value()];
  if (!slot) {
    slot = std::make_unique<FollowedChannel>(*this, channel);
    channels_count_.store(channels_.size(), std::memory_order_relaxed);
  }
  return *slot;
}

ChannelFollower::FollowedChannel* ChannelFollower::Find(std::string_view channel) {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? nullptr : found->second.get();
}

ChannelFollower::FollowedChannel* ChannelFollower::FindPubSub(std::string_view pub_sub) {
  const auto channel = keys_.ChannelOf(pub_sub);
  return channel ? Find(*channel) : nullptr;
}

// ---- subscribers

void ChannelFollower::Subscribe(ChannelName channel, SubscribeOptions options, std::size_t loop_index,
                                std::shared_ptr<PendingSubscribe::State> state, Answer answer) {
  if (subscribes_waiting_ >= subscribes_waiting_max_) {
    metrics_.subscribes_refused.Add();
    return answer.Send(Fail(Errc::kUnavailable, "too many subscribes wait for Redis"));
  }
  scope_.Spawn(ServeSubscribe(std::move(channel), std::move(options), loop_index, std::move(state), answer));
}

Task<void> ChannelFollower::ServeSubscribe(ChannelName channel, SubscribeOptions options,
                                           std::size_t loop_index,
                                           std::shared_ptr<PendingSubscribe::State> state, Answer answer) {
  FollowedChannel& followed = FindOrAdd(channel);
  const Pin pin(followed);
  ++subscribes_waiting_;
  auto outcome = co_await JoinChannel(followed, std::move(options));
  --subscribes_waiting_;
  if (outcome && !state->abandoned) {
    if (followed.subscriptions.empty()) {
      occupancy_.Push(followed.name, Occupancy::kOccupied);
      subscribed_count_.fetch_add(1, std::memory_order_relaxed);
    }
    followed.subscriptions.Add(loop_index);
    state->subscribed = true;
    ScheduleCheck(followed);
  }
  answer.Send(std::move(outcome));
}

Task<Result<SubscribeOutcome>> ChannelFollower::JoinChannel(FollowedChannel& followed,
                                                            SubscribeOptions options) {
  if (followed.disconnected) co_return NotConnected();
  if (!followed.subscribed) {
    TM_CO_TRY(co_await subscriber_->Subscribe(keys_.PubSub(followed.name)));
    if (followed.disconnected) co_return NotConnected();
    followed.subscribed = true;
  }
  followed.keys_expire = options.keys_expire;
  if (followed.keys_expire) sweeper_.FindOut(followed.name);
  if (!options.stream.enabled()) co_return SubscribeOutcome{};
  followed.meta_ttl = options.stream.meta_ttl;
  ++followed.readers;
  auto outcome = co_await JoinStream(followed, std::move(options));
  if (--followed.readers == 0) {
    followed.recent.clear();
    followed.recent.shrink_to_fit();
    followed.recent_overflowed = false;
  }
  co_return outcome;
}

Task<Result<SubscribeOutcome>> ChannelFollower::JoinStream(FollowedChannel& followed,
                                                           SubscribeOptions options) {
  ReadQuery query;
  if (options.recover) {
    query.count = static_cast<std::int32_t>(RecoveryReadCount(options));
    query.reverse = options.mode == RecoveryMode::kCache;
    if (!query.reverse) query.since = options.recover->offset;
  }
  for (int attempt = 0; attempt < kJoinAttempts; ++attempt) {
    TM_CO_TRY_ASSIGN(StreamRead read, co_await store_.Read(followed.name, query, followed.meta_ttl));
    const std::uint64_t top = read.top.offset;
    TM_CO_TRY_ASSIGN(const bool aligned, co_await Align(followed, read.top));
    if (!aligned) continue;
    SubscribeOutcome outcome;
    if (options.recover) {
      if (bugs_.skip_epoch_check) options.recover->epoch.clear();
      outcome = DecideRecovery(options, std::move(read));
    }
    for (const PublicationPtr& publication : followed.recent) {
      if (!outcome.recovered || publication->offset <= top || bugs_.forget_buffered) continue;
      if (options.mode == RecoveryMode::kCache) outcome.publications.clear();
      outcome.publications.push_back(publication);
    }
    outcome.top = followed.seen;
    co_return outcome;
  }
  co_return Fail(Errc::kUnavailable, "the stream changes faster than it can be read");
}

Task<Result<bool>> ChannelFollower::Align(FollowedChannel& followed, StreamPosition top) {
  const auto in_line = [&] {
    return followed.seen_valid && followed.seen.epoch == top.epoch && followed.seen.offset >= top.offset &&
           !followed.catching_up;
  };
  if (!followed.seen_valid && followed.subscriptions.empty()) {
    followed.seen_valid = true;
    followed.seen = std::move(top);
    followed.last_heard = loop_.Now();
    co_return true;
  }
  if (!in_line()) {
    // After this, every message that was published before the read has arrived.
    TM_CO_TRY(co_await subscriber_->Barrier(keys_.PubSub(followed.name)));
    if (followed.disconnected) co_return NotConnected();
    if (!followed.seen_valid) {
      followed.seen_valid = true;
      followed.seen = top;
    }
  }
  if (!in_line()) {
    net::Reply<bool> caught_up(loop_);
    followed.waiting_for_catch_up.push_back(caught_up.sender());
    RequestCatchUp(followed);
    co_await caught_up;
    if (followed.disconnected) co_return NotConnected();
  }
  co_return in_line() && !followed.recent_overflowed;
}

void ChannelFollower::Unsubscribe(const ChannelName& channel, std::size_t loop_index) {
  FollowedChannel* const followed = Find(channel.value());
  TM_ASSERT(followed != nullptr);
  followed->subscriptions.Remove(loop_index);
  if (followed->subscriptions.empty()) {
    occupancy_.Push(channel, Occupancy::kVacated);
    subscribed_count_.fetch_sub(1, std::memory_order_relaxed);
  }
  EraseIfUnused(*followed);
}

void ChannelFollower::EraseIfUnused(FollowedChannel& followed) {
  if (ending_ || followed.pins > 0 || !followed.subscriptions.empty()) return;
  if (!followed.subscribed || followed.disconnected) return Erase(followed);
  if (followed.readers == 0) loop_.timers().Schedule(followed, loop_.Now() + kUnsubscribeDelay);
}

void ChannelFollower::Erase(FollowedChannel& followed) {
  subscriber_->Unsubscribe(keys_.PubSub(followed.name));
  channels_.erase(channels_.find(followed.name.value()));
  channels_count_.store(channels_.size(), std::memory_order_relaxed);
}

// ---- timers: unsubscribing unused channels, checking silent ones

void ChannelFollower::ScheduleCheck(FollowedChannel& followed) {
  if (position_check_delay_.ms == 0) return loop_.timers().Cancel(followed);
  // Spread by up to a quarter, so that channels subscribed together are not checked together.
  const auto spread = static_cast<std::int64_t>(std::hash<std::string>{}(followed.name.value()) % 1000);
  const Duration delay = Milliseconds(position_check_delay_.ms * (1000 + spread / 4) / 1000);
  loop_.timers().Schedule(followed, loop_.Now() + delay);
}

void ChannelFollower::OnTimer(FollowedChannel& followed) {
  if (followed.pins > 0) return ScheduleCheck(followed);
  if (followed.subscriptions.empty()) return Erase(followed);
  const bool silent = loop_.Now() - followed.last_heard >= position_check_delay_;
  if (followed.seen_valid && !followed.disconnected && silent && !bugs_.skip_catch_up)
    RequestCatchUp(followed);
  ScheduleCheck(followed);
}

void ChannelFollower::WalkOn(ChannelWalk& walk) const {
  walk.WalkOn(channels_, [](const auto& entry) { return entry.second->subscriptions.total(); });
}

// ---- messages from Redis

void ChannelFollower::OnMessage(std::string_view pub_sub, std::string_view payload) {
  FollowedChannel* const followed = FindPubSub(pub_sub);
  if (!followed) return;
  metrics_.messages.Add();
  auto message = DecodeMessage(payload);
  if (!message) return metrics_.malformed.Add();
  if (auto* publication = std::get_if<PublicationMessage>(&*message))
    return OnPublication(*followed, std::move(*publication));
  if (auto* join = std::get_if<JoinMessage>(&*message)) {
    delivery_.Deliver(followed->subscriptions, followed->name, Join{std::move(join->info)});
  } else if (auto* leave = std::get_if<LeaveMessage>(&*message)) {
    delivery_.Deliver(followed->subscriptions, followed->name, Leave{std::move(leave->info)});
  } else if (!followed->seen_valid) {
    TellOfGap(*followed);
  } else if (std::get<EpochMessage>(*message).epoch != followed->seen.epoch) {
    RequestCatchUp(*followed);
  }
}

// Of a channel without a stream: whoever needs to know all of it, as of a map, must begin anew.
void ChannelFollower::TellOfGap(FollowedChannel& followed) {
  delivery_.Deliver(followed.subscriptions, followed.name, StreamLost{});
}

void ChannelFollower::OnPublication(FollowedChannel& followed, PublicationMessage message) {
  if (followed.keys_expire && !message.publication.removed) sweeper_.FindOut(followed.name);
  const bool first = message.position.offset == 1;
  if (first) message.publication.epoch = message.position.epoch;
  auto publication = std::make_shared<const Publication>(std::move(message.publication));
  if (message.position.offset == 0) {
    return delivery_.Deliver(followed.subscriptions, followed.name, std::move(publication));
  }
  if (followed.catching_up) {
    followed.missed_up_to = std::max(followed.missed_up_to, message.position.offset);
    return;
  }
  if (!followed.seen_valid) return Advance(followed, std::move(message.position), std::move(publication));
  const bool same_epoch = message.position.epoch == followed.seen.epoch || bugs_.skip_epoch_check;
  if (same_epoch && message.position.offset <= followed.seen.offset) {
    // The message is late: the stream was read before it came. Or a server that fell back reused the offset.
    if (loop_.Now() - followed.last_heard >= Seconds(1)) RequestCatchUp(followed);
    return;
  }
  if (same_epoch && (message.follows == followed.seen.offset || bugs_.skip_catch_up)) {
    return Advance(followed, std::move(message.position), std::move(publication));
  }
  if (!same_epoch) {
    // The stream began anew: its subscribers must recover; this publication is the first of the new epoch.
    LoseStream(followed, message.position);
    return Advance(followed, std::move(message.position), std::move(publication));
  }
  metrics_.gaps.Add();
  followed.missed_up_to = std::max(followed.missed_up_to, message.position.offset);
  RequestCatchUp(followed);
}

void ChannelFollower::Advance(FollowedChannel& followed, StreamPosition position,
                              PublicationPtr publication) {
  followed.seen_valid = true;
  followed.seen = std::move(position);
  followed.last_heard = loop_.Now();
  if (followed.readers > 0) {
    if (followed.recent.size() < kRecentMax) {
      followed.recent.push_back(publication);
    } else {
      followed.recent_overflowed = true;
    }
  }
  delivery_.Deliver(followed.subscriptions, followed.name, std::move(publication));
}

void ChannelFollower::OnLost(const std::string& pub_sub) {
  if (FollowedChannel* const followed = FindPubSub(pub_sub)) followed->disconnected = true;
}

void ChannelFollower::OnRestored(const std::string& pub_sub) {
  FollowedChannel* const followed = FindPubSub(pub_sub);
  if (!followed) return;
  if (bugs_.drop_resubscribe) return subscriber_->Unsubscribe(pub_sub);
  followed->disconnected = false;
  if (!followed->seen_valid) return TellOfGap(*followed);
  if (!bugs_.skip_catch_up) RequestCatchUp(*followed);
}

// ---- catching up

void ChannelFollower::RequestCatchUp(FollowedChannel& followed) {
  if (std::exchange(followed.catching_up, true)) return;
  catch_up_queue_.push_back(followed.name);
  StartCatchUps();
}

void ChannelFollower::StartCatchUps() {
  while (catch_ups_running_ < kCatchUpsAtOnce && !catch_up_queue_.empty()) {
    ++catch_ups_running_;
    ChannelName channel = std::move(catch_up_queue_.front());
    catch_up_queue_.pop_front();
    scope_.Spawn(CatchUp(std::move(channel)));
  }
}

Task<void> ChannelFollower::CatchUp(ChannelName channel) {
  FollowedChannel* const found = Find(channel.value());
  if (found && found->catching_up) {
    FollowedChannel& followed = *found;
    const Pin pin(followed);
    metrics_.catch_ups.Add();
    bool more = true;
    while (more && !followed.disconnected) {
      const auto done = co_await CatchUpPage(followed);
      if (!done) co_await net::Sleep(loop_, kCatchUpRetry);
      more = !done || !*done || followed.missed_up_to > followed.seen.offset;
    }
    followed.missed_up_to = 0;
    followed.catching_up = false;
    if (followed.keys_expire) sweeper_.FindOut(followed.name);
    for (const auto& waiting : std::exchange(followed.waiting_for_catch_up, {})) waiting.Send(true);
  }
  --catch_ups_running_;
  StartCatchUps();
}

// Reads and delivers one page. True: the top is reached.
Task<Result<bool>> ChannelFollower::CatchUpPage(FollowedChannel& followed) {
  ReadQuery query{.since = followed.seen.offset, .count = kCatchUpPage};
  if (bugs_.duplicate_delivery && followed.seen.offset > 0) query.since = followed.seen.offset - 1;
  TM_CO_TRY_ASSIGN(StreamRead read, co_await store_.Read(followed.name, query, followed.meta_ttl));
  followed.last_heard = loop_.Now();
  if (read.top.epoch != followed.seen.epoch && !bugs_.skip_epoch_check) {
    LoseStream(followed, std::move(read.top));
    co_return true;
  }
  const std::uint64_t seen = followed.seen.offset;
  const bool skipped = !read.publications.empty() && read.follows < *query.since;
  if ((read.top.offset < seen || skipped) && !bugs_.reuse_offsets) {
    TM_CO_TRY(co_await BeginAnew(followed));
    co_return true;
  }
  const bool missing = read.publications.empty() ? read.top.offset > seen : read.follows > *query.since;
  if (missing) {  // removed, expired or trimmed
    LoseStream(followed, std::move(read.top));
    co_return true;
  }
  for (PublicationPtr& publication : read.publications) {
    metrics_.caught_up.Add();
    StreamPosition position{.offset = publication->offset, .epoch = read.top.epoch};
    Advance(followed, std::move(position), std::move(publication));
  }
  co_return followed.seen.offset >= read.top.offset;
}

// Redis lost the newest part of the stream. A new epoch keeps later publications from looking like its
// continuation.
Task<Result<void>> ChannelFollower::BeginAnew(FollowedChannel& followed) {
  log::Warn(
      "broker.stream_fell_back",
      {{"channel", followed.name.value()}, {"seen", followed.seen.offset}, {"epoch", followed.seen.epoch}});
  TM_CO_TRY(co_await store_.BeginAnew(followed.name, followed.seen, followed.meta_ttl));
  TM_CO_TRY_ASSIGN(StreamRead read, co_await store_.Read(followed.name, {}, followed.meta_ttl));
  LoseStream(followed, std::move(read.top));
  co_return Result<void>();
}

void ChannelFollower::LoseStream(FollowedChannel& followed, StreamPosition now) {
  metrics_.streams_lost.Add();
  followed.seen = std::move(now);
  followed.missed_up_to = 0;
  followed.recent.clear();
  delivery_.Deliver(followed.subscriptions, followed.name, StreamLost{});
}

}  // namespace tidemill::broker::redis_broker
