#include "realtime/broker/memory/channel_table.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "realtime/broker/glob.h"
#include "realtime/broker/recovery.h"

namespace tidemill::broker::memory {
namespace {

// A stream without publications, its channel's entry and their allocations.
constexpr std::size_t kStreamBytes = 320;

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
  ExpiringStream(ChannelTable& t, Entry& e) : table(t), entry(e) {}
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
    : loop_(loop), occupancy_(occupancy), limits_(limits), keys_timer_(std::make_unique<KeysTimer>(*this)) {}

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
  if (!options.idempotency_key.empty()) {
    if (auto earlier = keys_.Find(channel, options.idempotency_key, loop_.Now())) {
      return Published{.outcome = {.position = *std::move(earlier), .suppressed = true}, .publication = {}};
    }
  }
  Published published;
  if (!options.stream.enabled()) {
    if (entry && !entry->second.subscriptions.empty()) {
      published.publication = std::make_shared<const Publication>(std::move(publication));
    }
    Remember(channel, options, {});
    return published;
  }

  ExpiringStream* kept = LiveStream(entry);
  if (kept && options.version > 0 && !kept->stream.IsNewVersion(options.version, options.version_epoch)) {
    return Published{.outcome = {.position = kept->stream.top(), .suppressed = true}, .publication = {}};
  }
  const std::size_t bytes = AccountedBytes(publication);
  const std::size_t keep = options.stream.size - 1;
  const std::size_t freed = kept ? kept->stream.ExcessOver(keep).bytes : 0;
  if (!HasRoom(bytes + (kept ? 0 : kStreamBytes), freed)) {
    return Fail(Errc::kLimitExceeded, "history_bytes_max is reached");
  }

  // LiveStream may have erased the entry together with an expired stream.
  Entry& owner = kept ? *entry : FindOrAdd(channel);
  if (!kept) kept = &AddStream(owner);
  Stream& stream = kept->stream;
  DropPublications(stream, keep);
  publication.offset = stream.top_offset() + 1;
  auto stored = std::make_shared<const Publication>(std::move(publication));
  Add(stats_.history_bytes, bytes);
  Add(stats_.history_publications, 1);
  published.publication = stored;
  if (stored->offset == 1) {
    auto first = std::make_shared<Publication>(*stored);
    first->epoch = stream.epoch();
    published.publication = std::move(first);
  }
  stream.Append(std::move(stored));
  if (options.version > 0) stream.SetVersion(options.version, options.version_epoch);
  kept->publications_expire = loop_.Now() + options.stream.ttl;
  Touch(owner, options.stream);
  published.outcome.position = stream.top();
  Remember(channel, options, published.outcome.position);
  return published;
}

Result<SubscribeOutcome> ChannelTable::Subscribe(const ChannelName& channel, const SubscribeOptions& options,
                                                 std::size_t loop_index) {
  SubscribeOutcome outcome;
  if (options.stream.enabled()) {
    TM_TRY_ASSIGN(ExpiringStream * used, UseStream(channel, options.stream));
    const Stream& stream = used->stream;
    if (options.recover) {
      const std::uint64_t count = RecoveryReadCount(options);
      StreamRead read{.top = stream.top(), .publications = {}};
      read.publications = options.mode == RecoveryMode::kCache
                              ? stream.Before(std::numeric_limits<std::uint64_t>::max(), count)
                              : stream.After(options.recover->offset, count);
      if (!read.publications.empty()) read.follows = read.publications.front()->offset - 1;
      outcome = DecideRecovery(options, std::move(read));
    } else {
      outcome.top = stream.top();
    }
  }
  SubscriptionCounts& subscriptions = FindOrAdd(channel).second.subscriptions;
  if (subscriptions.empty()) occupancy_.Push(channel, Occupancy::kOccupied);
  subscriptions.Add(loop_index);
  return outcome;
}

void ChannelTable::Unsubscribe(const ChannelName& channel, std::size_t loop_index) {
  Entry* entry = Find(channel);
  TM_ASSERT(entry != nullptr);
  entry->second.subscriptions.Remove(loop_index);
  if (entry->second.subscriptions.empty()) occupancy_.Push(channel, Occupancy::kVacated);
  EraseIfUnused(*entry);
}

Result<HistoryOutcome> ChannelTable::History(const ChannelName& channel, const HistoryQuery& query,
                                             const StreamSettings& settings) {
  if (!settings.enabled()) return HistoryOutcome{};
  TM_TRY_ASSIGN(ExpiringStream * used, UseStream(channel, settings));
  const Stream& stream = used->stream;
  HistoryOutcome outcome{.publications = {}, .top = stream.top()};
  if (query.since && !SameEpoch(*query.since, outcome.top)) {
    return Fail(Errc::kUnrecoverablePosition, "the stream has another epoch");
  }
  if (query.limit == 0) return outcome;
  constexpr auto kAll = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t count = query.limit < 0 ? kAll : static_cast<std::uint64_t>(query.limit);
  outcome.publications = query.reverse ? stream.Before(query.since ? query.since->offset : kAll, count)
                                       : stream.After(query.since ? query.since->offset : 0, count);
  return outcome;
}

void ChannelTable::RemoveHistory(const ChannelName& channel) {
  if (ExpiringStream* kept = LiveStream(Find(channel))) DropPublications(kept->stream, 0);
}

std::vector<ChannelCount> ChannelTable::SubscribedChannels(std::string_view pattern,
                                                           std::size_t count_max) const {
  std::vector<ChannelCount> found;
  for (const auto& [name, channel] : channels_) {
    if (channel.subscriptions.empty()) continue;
    if (!pattern.empty() && !MatchesGlob(pattern, name.value())) continue;
    found.push_back({.channel = name.value(), .subscriptions = channel.subscriptions.total()});
    if (found.size() > count_max) break;
  }
  return found;
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

Result<ChannelTable::ExpiringStream*> ChannelTable::UseStream(const ChannelName& channel,
                                                              const StreamSettings& settings) {
  ExpiringStream* kept = LiveStream(Find(channel));
  if (!kept && !HasRoom(kStreamBytes, 0)) return Fail(Errc::kLimitExceeded, "history_bytes_max is reached");
  Entry& entry = FindOrAdd(channel);
  if (!kept) kept = &AddStream(entry);
  Touch(entry, settings);
  return kept;
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
  if (added) Add(stats_.channels, 1);
  return *it;
}

ChannelTable::ExpiringStream& ChannelTable::AddStream(Entry& entry) {
  entry.second.stream = std::make_unique<ExpiringStream>(*this, entry);
  Add(stats_.history_bytes, kStreamBytes);
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
  if (kept.stream.size() > 0 && kept.publications_expire <= now) DropPublications(kept.stream, 0);
  if (kept.forgotten_at > now) return kept.Arm();
  if (!entry.second.subscriptions.empty()) {
    // A subscription is a use: its stream keeps its epoch.
    kept.forgotten_at = now + kept.meta_ttl;
    return kept.Arm();
  }
  DropStream(entry);
  EraseIfUnused(entry);
}

void ChannelTable::DropPublications(Stream& stream, std::size_t keep) {
  const Usage dropped = stream.DropExcessOver(keep);
  Subtract(stats_.history_bytes, dropped.bytes);
  Subtract(stats_.history_publications, dropped.publications);
}

void ChannelTable::DropStream(Entry& entry) {
  DropPublications(entry.second.stream->stream, 0);
  Subtract(stats_.history_bytes, kStreamBytes);
  entry.second.stream.reset();
}

void ChannelTable::EraseIfUnused(Entry& entry) {
  const Channel& channel = entry.second;
  if (!channel.subscriptions.empty() || channel.stream || channel.presence) return;
  channels_.erase(channels_.find(entry.first));
  Subtract(stats_.channels, 1);
}

void ChannelTable::Remember(const ChannelName& channel, const PublishOptions& options,
                            const StreamPosition& position) {
  if (options.idempotency_key.empty()) return;
  keys_.Remember(channel, options.idempotency_key, position, loop_.Now(), limits_.idempotency_keys_max);
  keys_timer_->Arm();
}

bool ChannelTable::HasRoom(std::size_t more, std::size_t less) const {
  const std::uint64_t used = stats_.history_bytes.load(std::memory_order_relaxed);
  return used - less + more <= limits_.history_bytes_max;
}

}  // namespace tidemill::broker::memory
