#include "realtime/broker/memory/channel_table.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "realtime/broker/recovery.h"

namespace tidemill::broker::memory {
namespace {

// A stream without publications, its channel's entry and their allocations.
std::size_t PositionBytes(const ChannelName& channel) {
  constexpr std::size_t kStreamBytes = 320;
  return kStreamBytes + channel.value().size();
}

std::size_t ExcessOver(const Stream& stream, std::size_t keep) {
  return stream.size() > keep ? stream.size() - keep : 0;
}

void Add(std::atomic<std::uint64_t>& counter, std::size_t by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

void Subtract(std::atomic<std::uint64_t>& counter, std::size_t by) {
  counter.store(counter.load(std::memory_order_relaxed) - by, std::memory_order_relaxed);
}

}  // namespace

// A stream and its two deadlines. Using a stream moves only the deadlines. The timer is moved only if it
// would be late; when it fires too early, it arms itself again.
struct ChannelTable::ExpiringStream final : public net::Timer {
  ExpiringStream(ChannelTable& t, Entry& e)
      : table(t),
        entry(e),
        stream(t.epochs_.Of(e.first, e.second.generation)),
        position(t.positions_.end()) {}
  void OnTimer() override { table.Expire(entry); }

  void Arm() {
    const MonotonicTime due = stream.size() > 0 ? std::min(publications_expire, forgotten_at) : forgotten_at;
    if (!scheduled() || deadline() > due) table.loop_.timers().Schedule(*this, due);
  }

  ChannelTable& table;
  Entry& entry;  // the map's nodes do not move
  Stream stream;
  MonotonicTime publications_expire{};
  MonotonicTime forgotten_at{};
  Duration meta_ttl{};
  Positions::iterator position;  // in positions_; its end: not there
  bool held = false;             // a state follows from it
};

class ChannelTable::KeysTimer final : public net::Timer {
 public:
  explicit KeysTimer(ChannelTable& table) : table_(table) {}
  void OnTimer() override {
    table_.keys_.ForgetExpired(table_.loop_.Now());
    Arm();
  }
  void Arm() {
    const auto next = table_.keys_.next_expiry();
    if (next && !scheduled()) table_.loop_.timers().Schedule(*this, *next);
  }

 private:
  ChannelTable& table_;
};

ChannelTable::Channel::Channel() = default;
ChannelTable::Channel::~Channel() = default;

ChannelTable::ChannelTable(net::Loop& loop, OccupancyQueue& occupancy, TableLimits limits)
    : loop_(loop),
      occupancy_(occupancy),
      idempotency_keys_max_(limits.idempotency_keys_max),
      budget_(loop, limits.history),
      keys_timer_(std::make_unique<KeysTimer>(*this)) {}

ChannelTable::~ChannelTable() = default;

ChannelTable::Entry* ChannelTable::Find(const ChannelName& channel) {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? nullptr : &*found;
}

Result<ChannelTable::Published> ChannelTable::Publish(Entry* entry, const ChannelName& channel,
                                                      Publication publication,
                                                      const PublishOptions& options) {
  if (options.idempotency_key.size() > kPublishKeyBytesMax ||
      options.version_epoch.size() > kPublishKeyBytesMax) {
    return Fail(Errc::kInvalidArgument, "idempotency_key or version_epoch is over 512 bytes");
  }
  if (auto earlier = FindResult(channel, options.idempotency_key)) {
    return Published{.outcome = {.position = *std::move(earlier), .suppressed = true}, .publication = {}};
  }
  Published published;
  if (!options.stream.enabled()) {
    if (entry && !entry->second.subscriptions.empty()) {
      published.publication = std::make_shared<const Publication>(std::move(publication));
    }
    Remember(channel, options.idempotency_key, {});
    return published;
  }

  ExpiringStream* const kept = LiveStream(entry);
  if (kept && options.version > 0 && !kept->stream.IsNewVersion(options.version, options.version_epoch)) {
    return Published{.outcome = {.position = kept->stream.top(), .suppressed = true}, .publication = {}};
  }
  const std::size_t more = AccountedBytes(publication) + (kept ? 0 : PositionBytes(channel));
  TM_TRY(MakeRoom(channel, publication, kept, more, FreedBy(publication, kept, options.stream)));
  Appended appended = Append(channel, std::move(publication), options.stream);
  if (options.version > 0) {
    Find(channel)->second.stream->stream.SetVersion(options.version, options.version_epoch);
  }
  Remember(channel, options.idempotency_key, appended.position);
  return Published{.outcome = {.position = std::move(appended.position)},
                   .publication = std::move(appended.live)};
}

ChannelTable::Appended ChannelTable::Append(const ChannelName& channel, Publication publication,
                                            const StreamSettings& settings) {
  if (!settings.enabled()) {
    auto unkept = std::make_shared<const Publication>(std::move(publication));
    return {.position = PositionOf(channel), .stored = unkept, .live = unkept};
  }
  ExpiringStream* kept = LiveStream(Find(channel));
  Entry& owner = kept ? kept->entry : FindOrAdd(channel);
  if (!kept) kept = &AddStream(owner);
  Stream& stream = kept->stream;
  DropOldest(stream, ExcessOver(stream, settings.size - 1));
  publication.offset = stream.top_offset() + 1;
  Appended appended;
  appended.stored = std::make_shared<const Publication>(std::move(publication));
  appended.live = appended.stored;
  if (appended.stored->offset == 1) {
    auto first = std::make_shared<Publication>(*appended.stored);
    first->epoch = stream.epoch();
    appended.live = std::move(first);
  }
  budget_.Take(*appended.stored);
  stream.Append(appended.stored);
  ListPosition(owner);
  kept->publications_expire = loop_.Now() + settings.ttl;
  Touch(owner, settings);
  appended.position = stream.top();
  return appended;
}

Result<void> ChannelTable::MakeRoomForKey(const ChannelName& channel, const Publication& comes,
                                          const Publication* replaced, std::size_t more,
                                          const StreamSettings& settings) {
  const ExpiringStream* const kept = settings.enabled() ? LiveStream(Find(channel)) : nullptr;
  HistoryBudget::Freed freed = FreedBy(comes, kept, settings);
  if (replaced) HistoryBudget::Add(freed, *replaced, comes);
  more += AccountedBytes(comes);
  if (settings.enabled()) more += AccountedBytes(comes) + (kept ? 0 : PositionBytes(channel));
  return MakeRoom(channel, comes, kept, more, freed);
}

std::optional<StreamPosition> ChannelTable::FindResult(const ChannelName& channel,
                                                       std::string_view idempotency_key) {
  if (idempotency_key.empty()) return std::nullopt;
  return keys_.Find(channel, idempotency_key, loop_.Now());
}

StreamPosition ChannelTable::Top(const ChannelName& channel, const StreamSettings& settings) {
  const ExpiringStream* const used = settings.enabled() ? UseStream(channel, settings) : nullptr;
  return used ? used->stream.top() : PositionOf(channel);
}

void ChannelTable::HoldStream(const ChannelName& channel, Hold hold) {
  Entry* const entry = Find(channel);
  if (!entry || !entry->second.stream) return;
  entry->second.stream->held = hold == Hold::kByState;
  ListPosition(*entry);
}

void ChannelTable::BeginAnew(const ChannelName& channel) {
  Entry* const entry = Find(channel);
  if (entry && entry->second.stream) {
    DropStream(*entry);
    return EraseIfUnused(*entry);
  }
  const Epochs::Generation next = epochs_.Retire(channel);
  if (entry) entry->second.generation = next;
}

SubscribeOutcome ChannelTable::Subscribe(const ChannelName& channel, const SubscribeOptions& options,
                                         std::size_t loop_index) {
  SubscribeOutcome outcome;
  if (options.stream.enabled()) {
    const ExpiringStream* const used = UseStream(channel, options.stream);
    StreamRead read{.top = used ? used->stream.top() : PositionOf(channel), .publications = {}};
    if (options.recover) {
      const std::uint64_t count = RecoveryReadCount(options);
      if (used) {
        read.publications = options.mode == RecoveryMode::kCache
                                ? used->stream.Before(std::numeric_limits<std::uint64_t>::max(), count)
                                : used->stream.After(options.recover->offset, count);
      }
      if (!read.publications.empty()) read.follows = read.publications.front()->offset - 1;
      outcome = DecideRecovery(options, std::move(read));
    } else {
      outcome.top = std::move(read.top);
    }
  }
  Entry& entry = FindOrAdd(channel);
  SubscriptionCounts& subscriptions = entry.second.subscriptions;
  if (subscriptions.empty()) {
    occupancy_.Push(channel, Occupancy::kOccupied);
    Add(stats_.subscribed_channels, 1);
  }
  subscriptions.Add(loop_index);
  ListPosition(entry);
  return outcome;
}

void ChannelTable::Unsubscribe(const ChannelName& channel, std::size_t loop_index) {
  Entry* entry = Find(channel);
  TM_ASSERT(entry != nullptr);
  entry->second.subscriptions.Remove(loop_index);
  if (!entry->second.subscriptions.empty()) return;
  occupancy_.Push(channel, Occupancy::kVacated);
  Subtract(stats_.subscribed_channels, 1);
  ListPosition(*entry);
  EraseIfUnused(*entry);
}

Result<HistoryOutcome> ChannelTable::History(const ChannelName& channel, const HistoryQuery& query,
                                             const StreamSettings& settings) {
  if (!settings.enabled()) return HistoryOutcome{};
  const ExpiringStream* const used = UseStream(channel, settings);
  HistoryOutcome outcome{.publications = {}, .top = used ? used->stream.top() : PositionOf(channel)};
  if (query.since && !SameEpoch(*query.since, outcome.top)) {
    return Fail(Errc::kUnrecoverablePosition, "the stream has another epoch");
  }
  if (query.limit == 0 || !used) return outcome;
  const Stream& stream = used->stream;
  constexpr auto kAll = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t count = query.limit < 0 ? kAll : static_cast<std::uint64_t>(query.limit);
  outcome.publications = query.reverse ? stream.Before(query.since ? query.since->offset : kAll, count)
                                       : stream.After(query.since ? query.since->offset : 0, count);
  return outcome;
}

void ChannelTable::RemoveHistory(const ChannelName& channel) {
  ExpiringStream* const kept = LiveStream(Find(channel));
  if (!kept) return;
  DropOldest(kept->stream, kept->stream.size());
  ListPosition(kept->entry);
}

void ChannelTable::WalkOn(ChannelWalk& walk) const {
  walk.WalkOn(channels_, [](const Entry& entry) { return entry.second.subscriptions.total(); });
}

Result<void> ChannelTable::AddPresence(const ChannelName& channel, protocol::ClientInfo info, Growth growth) {
  Entry* entry = Find(channel);
  const bool known = entry && entry->second.presence && entry->second.presence->Has(info.client);
  if (!known && growth == Growth::kForbidden) {
    return Fail(Errc::kLimitExceeded, "presence_entries_max is reached");
  }
  auto& presence = FindOrAdd(channel).second.presence;
  if (!presence) presence = std::make_unique<ChannelPresence>();
  presence->Add(std::move(info));
  if (!known) Add(stats_.presence_entries, 1);
  return {};
}

void ChannelTable::RemovePresence(const ChannelName& channel, std::string_view client) {
  Entry* entry = Find(channel);
  if (!entry || !entry->second.presence || !entry->second.presence->Remove(client)) return;
  Subtract(stats_.presence_entries, 1);
  if (entry->second.presence->size() > 0) return;
  entry->second.presence.reset();
  EraseIfUnused(*entry);
}

const ChannelPresence* ChannelTable::Presence(const ChannelName& channel) {
  const Entry* entry = Find(channel);
  return entry ? entry->second.presence.get() : nullptr;
}

ChannelTable::ExpiringStream* ChannelTable::UseStream(const ChannelName& channel,
                                                      const StreamSettings& settings) {
  ExpiringStream* const kept = LiveStream(Find(channel));
  if (kept) Touch(kept->entry, settings);
  return kept;
}

StreamPosition ChannelTable::PositionOf(const ChannelName& channel) {
  const Entry* const entry = Find(channel);
  const Epoch epoch = epochs_.Of(channel, entry ? entry->second.generation : epochs_.Current(channel));
  return {.offset = 0, .epoch = std::string(epoch.data(), epoch.size())};
}

HistoryBudget::Freed ChannelTable::FreedBy(const Publication& comes, const ExpiringStream* kept,
                                           const StreamSettings& settings) {
  HistoryBudget::Freed freed;
  if (!kept) return freed;
  const std::size_t drop = ExcessOver(kept->stream, settings.size - 1);
  for (std::size_t i = 0; i < drop; ++i) HistoryBudget::Add(freed, kept->stream.at(i), comes);
  return freed;
}

Result<void> ChannelTable::MakeRoom(const ChannelName& channel, const Publication& comes,
                                    const ExpiringStream* kept, std::size_t more,
                                    const HistoryBudget::Freed& freed) {
  TM_TRY(budget_.CheckShare(channel, comes, freed));
  if (budget_.HasRoom(more, freed.bytes)) return {};
  // Nothing is forgotten for what does not fit anyway.
  if (!budget_.HasRoom(more, freed.bytes + positions_bytes_)) return budget_.RefuseForRoom(channel);
  for (auto at = positions_.begin(); at != positions_.end() && !budget_.HasRoom(more, freed.bytes);) {
    Entry& goes = **at++;
    if (goes.second.stream.get() == kept) continue;
    Add(stats_.positions_dropped, 1);
    DropStream(goes);
    EraseIfUnused(goes);
  }
  return budget_.HasRoom(more, freed.bytes) ? Result<void>() : budget_.RefuseForRoom(channel);
}

void ChannelTable::ListPosition(Entry& entry) {
  if (!entry.second.stream) return;
  ExpiringStream& kept = *entry.second.stream;
  const bool listed = kept.position != positions_.end();
  const bool may_go = kept.stream.size() == 0 && entry.second.subscriptions.empty() && !kept.held;
  if (may_go == listed) return;
  const std::size_t bytes = PositionBytes(entry.first);
  if (may_go) {
    kept.position = positions_.insert(positions_.end(), &entry);
    positions_bytes_ += bytes;
  } else {
    positions_.erase(std::exchange(kept.position, positions_.end()));
    positions_bytes_ -= bytes;
  }
}

ChannelTable::ExpiringStream* ChannelTable::LiveStream(Entry* entry) {
  if (!entry || !entry->second.stream) return nullptr;
  const ExpiringStream& kept = *entry->second.stream;
  const MonotonicTime now = loop_.Now();
  if (kept.forgotten_at > now && (kept.stream.size() == 0 || kept.publications_expire > now)) {
    return entry->second.stream.get();
  }
  const ChannelName name = entry->first;
  Expire(*entry);
  entry = Find(name);
  return entry ? entry->second.stream.get() : nullptr;
}

ChannelTable::Entry& ChannelTable::FindOrAdd(const ChannelName& channel) {
  const auto [it, added] = channels_.try_emplace(channel);
  if (added) {
    it->second.generation = epochs_.Current(channel);
    Add(stats_.channels, 1);
  }
  return *it;
}

ChannelTable::ExpiringStream& ChannelTable::AddStream(Entry& entry) {
  entry.second.stream = std::make_unique<ExpiringStream>(*this, entry);
  budget_.TakeBytes(PositionBytes(entry.first));
  return *entry.second.stream;
}

void ChannelTable::Touch(Entry& entry, const StreamSettings& settings) {
  ExpiringStream& kept = *entry.second.stream;
  kept.meta_ttl = std::max(settings.meta_ttl, settings.ttl);
  kept.forgotten_at = loop_.Now() + kept.meta_ttl;
  kept.Arm();
}

void ChannelTable::Expire(Entry& entry) {
  ExpiringStream& kept = *entry.second.stream;
  const MonotonicTime now = loop_.Now();
  if (kept.stream.size() > 0 && kept.publications_expire <= now) {
    DropOldest(kept.stream, kept.stream.size());
    ListPosition(entry);
  }
  if (kept.forgotten_at > now) return kept.Arm();
  if (!entry.second.subscriptions.empty() || kept.held) {
    // A subscription is a use, and so is a state: its stream keeps its epoch.
    kept.forgotten_at = now + kept.meta_ttl;
    return kept.Arm();
  }
  DropStream(entry);
  EraseIfUnused(entry);
}

void ChannelTable::DropOldest(Stream& stream, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) budget_.GiveBack(stream.at(i));
  stream.DropOldest(count);
}

void ChannelTable::DropStream(Entry& entry) {
  ExpiringStream& kept = *entry.second.stream;
  DropOldest(kept.stream, kept.stream.size());
  if (kept.position != positions_.end()) {
    positions_.erase(kept.position);
    positions_bytes_ -= PositionBytes(entry.first);
  }
  budget_.GiveBackBytes(PositionBytes(entry.first));
  // Its offsets begin anew, so its epoch must.
  entry.second.generation = epochs_.Retire(entry.first);
  entry.second.stream.reset();
}

void ChannelTable::EraseIfUnused(Entry& entry) {
  const Channel& channel = entry.second;
  if (!channel.subscriptions.empty() || channel.stream || channel.presence) return;
  channels_.erase(channels_.find(entry.first));
  Subtract(stats_.channels, 1);
}

void ChannelTable::Remember(const ChannelName& channel, const std::string& idempotency_key,
                            const StreamPosition& position) {
  if (idempotency_key.empty()) return;
  keys_.Remember(channel, idempotency_key, position, loop_.Now(), idempotency_keys_max_);
  keys_timer_->Arm();
}

void ChannelTable::ReplaceLimits(TableLimits limits) {
  idempotency_keys_max_ = limits.idempotency_keys_max;
  budget_.ReplaceLimits(limits.history);
}

}  // namespace tidemill::broker::memory
