#include "realtime/polls/polls.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace tidemill::polls {
namespace {

constexpr Duration kSweepInterval = Milliseconds(250);
// So many keys leave in a sweep: about a millisecond of work.
constexpr std::size_t kSweptAtOnce = 4096;

// No channel is called so: clients' names are UTF-8, which has no byte 0xff.
std::string HubName(std::string_view channel, std::string_view key) {
  constexpr std::string_view kBetween("\0\xff", 2);
  std::string name;
  name.reserve(channel.size() + kBetween.size() + key.size());
  name += channel;
  name += kBetween;
  name += key;
  return name;
}

}  // namespace

struct LocalKey {
  LocalKey(LocalChannel& of, std::string_view key, std::string hub)
      : channel(of), name(key), hub_name(std::move(hub)) {}

  LocalChannel& channel;  // alive while somebody tracks the key, and while it is idle
  const std::string name;
  const broker::ChannelName hub_name;
  protocol::PublicationPtr latest;                // null: nothing is known
  IntrusiveList<Tracked, OfKey> followers;        // who gets what comes
  IntrusiveList<Tracked, OfKey> ahead;            // who has a later version than `latest`
  bool asked_for = false;                         // the owner knows that somebody has no data
  bool removed = false;                           // by the service
  std::optional<Polls::IdleKeys::iterator> idle;  // in Polls::idle_

  std::uint64_t version() const { return latest ? latest->version : 0; }
  bool in_use() const { return !followers.empty() || !ahead.empty(); }
};

struct LocalChannel {
  std::string name;
  Duration shutdown_delay{};
  std::string epoch;
  std::unordered_map<std::string, std::shared_ptr<LocalKey>, TextHash, std::equal_to<>> keys;
};

void Tracked::OnInappropriateData() { tracking.events_.OnInappropriateData(); }

Tracking::Tracking(Polls& polls, std::string_view channel, const channels::PollOptions& poll,
                   hub::Outbox& outbox, Options options, TrackingEvents& events)
    : polls_(polls),
      channel_(polls.ChannelOf(channel, poll)),
      outbox_(outbox),
      options_(options),
      events_(events) {}

Tracking::~Tracking() {
  while (!tracked_.empty()) Untrack(tracked_.begin()->first);
}

const std::string& Tracking::epoch() const { return channel_->epoch; }

std::expected<void, TrackFault> Tracking::TakeRoom(std::span<const TrackItem> items,
                                                   std::span<const std::string> untrack,
                                                   std::size_t keys_max) const {
  std::size_t more = 0;
  std::size_t new_keys = 0;
  for (const TrackItem& item : items) {
    if (tracked_.contains(item.key)) continue;
    ++more;
    if (!channel_->keys.contains(item.key)) ++new_keys;
  }
  const auto fewer = static_cast<std::size_t>(
      std::ranges::count_if(untrack, [&](const std::string& key) { return tracked_.contains(key); }));
  if (tracked_.size() + more - std::min(fewer, tracked_.size()) > keys_max) {
    return std::unexpected(TrackFault::kTooManyOfConnection);
  }
  if (!polls_.loops_.tracked.Take(more)) return std::unexpected(TrackFault::kTooManyTracked);
  if (polls_.loops_.keys.Take(new_keys)) return {};
  polls_.loops_.tracked.Give(more);
  return std::unexpected(TrackFault::kTooManyKeys);
}

std::vector<protocol::PublicationPtr> Tracking::Newer(std::span<const TrackItem> items) const {
  std::vector<protocol::PublicationPtr> newer;
  for (const TrackItem& item : items) {
    const auto found = channel_->keys.find(item.key);
    if (found == channel_->keys.end() || item.version >= found->second->version()) continue;
    if (!tracked_.contains(item.key)) newer.push_back(found->second->latest);
  }
  return newer;
}

std::expected<void, TrackFault> Tracking::Track(std::span<const TrackItem> items,
                                                std::span<const std::string> untrack, std::size_t keys_max) {
  if (const auto room = TakeRoom(items, untrack, keys_max); !room) return room;
  std::vector<Interest> interests;
  for (const std::string& key : untrack) Untrack(key);
  for (const TrackItem& item : items) {
    if (const auto found = tracked_.find(item.key); found != tracked_.end()) {
      SetExpiry(*found->second, item.expire_at);
      continue;
    }
    std::shared_ptr<LocalKey>& key = channel_->keys[item.key];
    const bool is_new = !key;
    if (is_new) {
      key = std::make_shared<LocalKey>(*channel_, item.key, HubName(channel_->name, item.key));
      ++polls_.keys_;
    }
    const bool wants = item.version == 0 && !key->latest && !std::exchange(key->asked_for, true);
    if (is_new || wants) interests.push_back({.key = item.key, .wants_now = wants});
    auto made = std::make_unique<Tracked>(*this, key);
    Tracked& tracked = *made;
    tracked.version = item.version;
    tracked_.emplace(key->name, std::move(made));
    SetExpiry(tracked, item.expire_at);
    if (item.version > key->version()) {
      key->ahead.PushFront(tracked);
      continue;
    }
    polls_.Attach(tracked, item.version < key->version());
  }
  if (!interests.empty()) polls_.loops_.Track(polls_.index_, channel_->name, std::move(interests));
  return {};
}

void Tracking::Untrack(std::string_view name) {
  const auto found = tracked_.find(name);
  if (found == tracked_.end()) return;
  const std::unique_ptr<Tracked> tracked = std::move(found->second);
  tracked_.erase(found);
  if (tracked->attached()) polls_.hub_.Detach(*tracked);
  IntrusiveList<Tracked, OfKey>::Remove(*tracked);
  polls_.loops_.tracked.Give(1);
  polls_.NoteIdle(channel_, tracked->key);
}

void Tracking::SetExpiry(Tracked& tracked, std::int64_t expire_at) {
  IntrusiveList<Tracked, OfExpiry>::Remove(tracked);
  if (expire_at == 0) return;
  polls_.expiring_[expire_at].PushFront(tracked);
  if (!polls_.expire_.scheduled())
    polls_.loop_.timers().Schedule(polls_.expire_, polls_.loop_.Now() + Seconds(1));
}

Polls::Polls(net::Loop& loop, hub::Hub& hub, PollLoops& loops, std::size_t index)
    : loop_(loop),
      hub_(hub),
      loops_(loops),
      index_(index),
      sweep_([this] { SweepIdle(); }),
      expire_([this] { DropExpired(); }),
      remove_([this] { TellOfRemovals(); }) {}

Polls::~Polls() { loops_.keys.Give(keys_); }

std::shared_ptr<LocalChannel> Polls::ChannelOf(std::string_view name, const channels::PollOptions& poll) {
  if (const auto found = channels_.find(name); found != channels_.end()) {
    std::shared_ptr<LocalChannel> channel = found->second.lock();
    channel->shutdown_delay = poll.channel_shutdown_delay;
    return channel;
  }
  const auto end = [this](LocalChannel* channel) {
    channels_.erase(channel->name);
    delete channel;
  };
  std::shared_ptr<LocalChannel> made(new LocalChannel{.name = std::string(name),
                                                      .shutdown_delay = poll.channel_shutdown_delay,
                                                      .epoch = poll.versioned() ? "" : loops_.own_epoch(),
                                                      .keys = {}},
                                     end);
  channels_.emplace(made->name, made);
  return made;
}

void Polls::Attach(Tracked& tracked, bool has_latest) {
  LocalKey& key = *tracked.key;
  const Tracking& tracking = tracked.tracking;
  key.followers.PushFront(tracked);
  hub_.Attach(key.hub_name.value(), tracking.options_.form, tracking.outbox_, tracked,
              {.has = has_latest ? key.latest : nullptr,
               .conflated = tracking.options_.conflated,
               .name_bytes = key.channel.name.size()});
}

void Polls::Take(const Update& update) {
  const auto found = channels_.find(update.channel);
  if (found == channels_.end()) return;
  const std::shared_ptr<LocalChannel> channel = found->second.lock();
  if (update.epoch != channel->epoch) {
    channel->epoch = update.epoch;
    for (auto& [name, key] : channel->keys) {
      key->latest = nullptr;
      key->asked_for = false;
    }
    // They subscribe anew, and say which versions they have of the new one.
    hub_.OnStreamLost(broker::ChannelName(channel->name));
  }
  ForgetRemoved(*channel, update);
  for (const protocol::PublicationPtr& change : update.changes) {
    const auto at = channel->keys.find(change->key);
    if (at == channel->keys.end()) continue;
    const std::shared_ptr<LocalKey> key = at->second;
    if (change->removed) {
      Remove(key, change);
    } else if (change->version > key->version()) {
      Change(*key, change);
    }
  }
}

// The poller does not ask about them any more, unless they were tracked anew while it told of it: before
// anybody tracks one again, it is told that they are gone here.
void Polls::ForgetRemoved(const LocalChannel& channel, const Update& update) {
  std::vector<std::string> removed;
  for (const protocol::PublicationPtr& change : update.changes) {
    if (change->removed && channel.keys.contains(change->key)) removed.push_back(change->key);
  }
  if (!removed.empty()) loops_.Untrack(index_, channel.name, std::move(removed));
}

void Polls::Change(LocalKey& key, const protocol::PublicationPtr& change) {
  const auto follow = [&](auto is_due) {
    for (Tracked& tracked : key.ahead) {
      if (!is_due(tracked.version)) continue;
      IntrusiveList<Tracked, OfKey>::Remove(tracked);
      Attach(tracked, false);
    }
  };
  follow([&](std::uint64_t has) { return has < change->version; });
  hub_.OnPublication(key.hub_name, change);
  key.latest = change;
  follow([&](std::uint64_t has) { return has == change->version; });
}

void Polls::Remove(const std::shared_ptr<LocalKey>& key, const protocol::PublicationPtr& removal) {
  key->removed = true;
  if (const auto idle = std::exchange(key->idle, std::nullopt)) idle_.erase(*idle);
  Erase(*key);
  removals_.push_back({.key = key, .publication = removal});
  TellOfRemovals();
}

void Polls::Erase(LocalKey& key) {
  --keys_;
  loops_.keys.Give(1);
  key.channel.keys.erase(key.name);
}

void Polls::TellOfRemovals() {
  while (!removals_.empty()) {
    const Removal& removal = removals_.back();
    const LocalKey& key = *removal.key;
    Tracked* const tracked = key.followers.empty() ? key.ahead.front() : key.followers.front();
    if (tracked == nullptr) {
      removals_.pop_back();
      continue;
    }
    Tracking& tracking = tracked->tracking;
    tracking.events_.OnRemoved(removal.publication);
    tracking.Untrack(key.name);
    if (loop_.ShareSpent()) return loop_.timers().Schedule(remove_, loop_.Now());
  }
}

void Polls::NoteIdle(const std::shared_ptr<LocalChannel>& channel, const std::shared_ptr<LocalKey>& key) {
  if (key->removed || key->in_use()) return;
  const MonotonicTime until = loop_.Now() + channel->shutdown_delay;
  if (key->idle) idle_.erase(*key->idle);
  key->idle = idle_.emplace(until, Idle{.channel = channel, .key = key});
  if (!sweep_.scheduled()) loop_.timers().Schedule(sweep_, std::min(until, loop_.Now() + kSweepInterval));
}

void Polls::SweepIdle() {
  const MonotonicTime now = loop_.Now();
  std::unordered_map<std::shared_ptr<LocalChannel>, std::vector<std::string>> gone;
  std::size_t swept = 0;
  for (; !idle_.empty() && idle_.begin()->first <= now && swept < kSweptAtOnce; ++swept) {
    const Idle idle = std::move(idle_.extract(idle_.begin()).mapped());
    idle.key->idle.reset();
    if (idle.key->in_use()) continue;
    gone[idle.channel].push_back(idle.key->name);
    Erase(*idle.key);
  }
  for (auto& [channel, keys] : gone) loops_.Untrack(index_, channel->name, std::move(keys));
  if (!idle_.empty()) {
    loop_.timers().Schedule(sweep_, swept == kSweptAtOnce ? now : now + kSweepInterval);
  }
}

void Polls::DropExpired() {
  const std::int64_t now = loop_.clock().WallNow().ms / 1000;
  bool more = false;
  while (!more && !expiring_.empty() && expiring_.begin()->first <= now) {
    Tracked* const tracked = expiring_.begin()->second.front();
    if (tracked == nullptr) {
      expiring_.erase(expiring_.begin());
      continue;
    }
    tracked->tracking.Untrack(tracked->key->name);
    more = loop_.ShareSpent();
  }
  if (!expiring_.empty()) loop_.timers().Schedule(expire_, more ? loop_.Now() : loop_.Now() + Seconds(1));
}

}  // namespace tidemill::polls
