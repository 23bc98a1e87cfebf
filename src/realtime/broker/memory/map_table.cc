#include "realtime/broker/memory/map_table.h"

#include <algorithm>
#include <utility>

#include "realtime/broker/memory/keyed_state.h"

namespace tidemill::broker::memory {
namespace {

// Of a key in its state: its nodes and their allocations.
constexpr std::size_t kNodeBytes = 320;
// Until the subscribers of a channel can take events again.
constexpr Duration kRoomRetry = Milliseconds(100);

void Add(std::atomic<std::uint64_t>& counter, std::uint64_t by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

std::size_t StateBytes(const Publication& publication) {
  return AccountedBytes(publication) + kNodeBytes + publication.key.size();
}

bool IsOldVersion(const KeyedState::Held& held, const MapPublishOptions& options) {
  if (options.version == 0 || !held.version) return false;
  const bool comparable = options.version_epoch.empty() || options.version_epoch == held.version->epoch;
  return comparable && options.version <= held.version->number;
}

}  // namespace

// The state of one channel and the deadline of its first key to expire.
class MapTable::State final : public net::Timer, public net::Pollable {
 public:
  State(MapTable& table, const ChannelName& name, const MapSettings& map)
      : channel(name), keys(std::make_unique<KeyedState>(map.ordered)), table_(table) {}
  ~State() { table_.loop_.Disarm(*this); }

  void OnTimer() override { table_.Expire(*this); }
  void OnReady(std::uint32_t) override { table_.Expire(*this); }
  // The timer is moved only if it would be late; when it fires too early, it is armed again.
  void Arm() {
    const auto next = keys->next_expiry();
    if (next && (!scheduled() || deadline() > *next)) table_.loop_.timers().Schedule(*this, *next);
  }

  const ChannelName channel;
  std::unique_ptr<KeyedState> keys;
  StreamSettings stream;  // of the last change: for keys that expire

 private:
  MapTable& table_;
};

MapTable::MapTable(net::Loop& loop, ChannelTable& channels, RemovalEvents& removals, MapLimits limits)
    : loop_(loop), channels_(channels), removals_(removals), limits_(limits) {}

MapTable::~MapTable() { loop_.Disarm(*this); }

MapTable::State* MapTable::Find(const ChannelName& channel) const {
  const auto found = states_.find(channel);
  return found == states_.end() ? nullptr : found->second.get();
}

MapTable::State& MapTable::FindOrAdd(const ChannelName& channel, const MapSettings& map) {
  auto& slot = states_[channel];
  if (!slot) {
    slot = std::make_unique<State>(*this, channel, map);
    Add(stats_.channels, 1);
  }
  return *slot;
}

Result<MapTable::Changed> MapTable::Publish(const ChannelName& channel, Publication publication,
                                            const MapPublishOptions& options) {
  TM_TRY(CheckMapPublish(publication, options));
  if (auto earlier = channels_.FindResult(channel, options.idempotency_key)) {
    return Changed{.outcome = {*std::move(earlier), Unchanged::kIdempotency}, .publication = {}};
  }
  State* const state = Find(channel);
  Unchanged why = Check(state, publication, options);
  if (why == Unchanged::kNo) why = CheckLimits(state, publication);
  if (why != Unchanged::kNo) {
    return Changed{.outcome = {channels_.Top(channel, options.map.stream), why}, .publication = {}};
  }
  const KeyedState::Held* const held = state ? state->keys->Find(publication.key) : nullptr;
  TM_TRY(channels_.MakeRoomForKey(channel, publication, held ? held->publication.get() : nullptr,
                                  kNodeBytes + publication.key.size(), options.map.stream));
  return Put(channel, std::move(publication), options);
}

Unchanged MapTable::Check(State* state, const Publication& publication, const MapPublishOptions& options) {
  const KeyedState::Held* const held = state ? state->keys->Find(publication.key) : nullptr;
  if (held && IsOldVersion(*held, options)) return Unchanged::kVersion;
  switch (options.condition) {
    case KeyCondition::kNone: return Unchanged::kNo;
    case KeyCondition::kIfNew: return held ? Unchanged::kKeyExists : Unchanged::kNo;
    case KeyCondition::kIfExists: return held ? Unchanged::kNo : Unchanged::kKeyNotFound;
    case KeyCondition::kIfNewElseRefresh: break;
  }
  if (!held) return Unchanged::kNo;
  if (options.map.key_ttl.ms > 0) {
    state->keys->Refresh(publication.key, loop_.Now() + options.map.key_ttl);
    state->Arm();
  }
  return Unchanged::kKeyExists;
}

Unchanged MapTable::CheckLimits(const State* state, const Publication& publication) {
  const KeyedState::Held* const held = state ? state->keys->Find(publication.key) : nullptr;
  const std::size_t keys = state ? state->keys->size() : 0;
  const std::size_t others =
      (state ? state->keys->bytes() : 0) - (held ? MapEntryBytes(*held->publication) : 0);
  if (!held && keys >= limits_.keys_max) {
    Add(stats_.refused_for_keys, 1);
    return Unchanged::kChannelFull;
  }
  if (others + MapEntryBytes(publication) > limits_.bytes_max) {
    Add(stats_.refused_for_bytes, 1);
    return Unchanged::kChannelFull;
  }
  return Unchanged::kNo;
}

MapTable::Changed MapTable::Put(const ChannelName& channel, Publication publication,
                                const MapPublishOptions& options) {
  publication.time_ms = loop_.clock().WallNow().ms;
  ChannelTable::Appended appended = channels_.Append(channel, std::move(publication), options.map.stream);
  State& state = FindOrAdd(channel, options.map);
  state.stream = options.map.stream;
  KeyedState& keys = *state.keys;
  const std::string& key = appended.stored->key;
  if (const KeyedState::Held* const held = keys.Find(key)) {
    GiveBack(*held->publication);
  } else {
    Add(stats_.keys, 1);
  }
  channels_.budget().Take(*appended.stored);
  channels_.budget().TakeBytes(StateBytes(*appended.stored) - AccountedBytes(*appended.stored));
  const Duration ttl = options.map.key_ttl;
  keys.Put(appended.stored, ttl.ms > 0 ? loop_.Now() + ttl : KeyedState::kNever);
  if (options.version > 0) keys.SetVersion(key, {options.version, options.version_epoch});
  channels_.HoldStream(channel, ChannelTable::Hold::kByState);
  state.Arm();
  channels_.Remember(channel, options.idempotency_key, appended.position);
  return {.outcome = {std::move(appended.position), Unchanged::kNo}, .publication = std::move(appended.live)};
}

Result<MapTable::Changed> MapTable::Remove(const ChannelName& channel, std::string_view key,
                                           const MapRemoveOptions& options) {
  TM_TRY(CheckMapKey(key, options.idempotency_key));
  if (auto earlier = channels_.FindResult(channel, options.idempotency_key)) {
    return Changed{.outcome = {*std::move(earlier), Unchanged::kIdempotency}, .publication = {}};
  }
  State* const state = Find(channel);
  if (!state || !state->keys->Find(key)) {
    return Changed{.outcome = {channels_.Top(channel, options.map.stream), Unchanged::kKeyNotFound},
                   .publication = {}};
  }
  Changed changed = TakeOut(*state, key, options.map.stream);
  channels_.Remember(channel, options.idempotency_key, changed.outcome.position);
  EraseIfEmpty(*state);
  return changed;
}

MapTable::Changed MapTable::TakeOut(State& state, std::string_view key, const StreamSettings& stream) {
  const PublicationPtr taken = state.keys->Take(key);
  GiveBack(*taken);
  Add(stats_.keys, static_cast<std::uint64_t>(-1));
  Publication removal;
  removal.key = taken->key;
  removal.removed = true;
  removal.data_is_json = true;  // there are none
  removal.tags = taken->tags;
  removal.time_ms = loop_.clock().WallNow().ms;
  // There is room for it: what it removes took more.
  ChannelTable::Appended appended = channels_.Append(state.channel, std::move(removal), stream);
  return {.outcome = {std::move(appended.position), Unchanged::kNo}, .publication = std::move(appended.live)};
}

void MapTable::GiveBack(const Publication& publication) {
  channels_.budget().GiveBack(publication);
  channels_.budget().GiveBackBytes(StateBytes(publication) - AccountedBytes(publication));
}

void MapTable::EraseIfEmpty(State& state) {
  if (state.keys->size() > 0) return;
  const ChannelName channel = state.channel;
  channels_.HoldStream(channel, ChannelTable::Hold::kNot);
  states_.erase(channel);
  Add(stats_.channels, static_cast<std::uint64_t>(-1));
}

void MapTable::Expire(State& state) {
  const MonotonicTime now = loop_.Now();
  while (const Publication* const first = state.keys->first_to_expire()) {
    if (*state.keys->next_expiry() > now) break;
    if (!removals_.HasRoom(state.channel)) return loop_.timers().Schedule(state, now + kRoomRetry);
    Add(stats_.expired, 1);
    const std::string key = first->key;
    Changed changed = TakeOut(state, key, state.stream);
    if (changed.publication) removals_.OnRemoval(state.channel, std::move(changed.publication));
    if (loop_.ShareSpent()) return loop_.ArmBehind(state);
  }
  state.Arm();
  EraseIfEmpty(state);
}

Result<MapPage> MapTable::ReadState(const ChannelName& channel, const MapStateQuery& query,
                                    const MapSettings& map) {
  MapPage page;
  page.position = channels_.Top(channel, map.stream);
  if (query.epoch && *query.epoch != page.position.epoch) {
    return Fail(Errc::kUnrecoverablePosition, "the state has another epoch");
  }
  const State* const state = Find(channel);
  if (!state) return page;
  if (!query.key.empty()) {
    if (const KeyedState::Held* const held = state->keys->Find(query.key)) {
      page.entries.push_back(held->publication);
    }
  } else if (query.limit > 0) {
    state->keys->ReadPage(query, page);
  }
  return page;
}

MapStats MapTable::Stats(const ChannelName& channel) const {
  const State* const state = Find(channel);
  return state ? MapStats{.keys = state->keys->size(), .bytes = state->keys->bytes()} : MapStats{};
}

void MapTable::Clear(const ChannelName& channel) {
  if (State* const state = Find(channel)) {
    cleared_.push_back(std::exchange(state->keys, std::make_unique<KeyedState>(false)));
    EraseIfEmpty(*state);
    loop_.ArmBehind(*this);
  }
  channels_.BeginAnew(channel);
}

void MapTable::OnReady(std::uint32_t) {
  while (!cleared_.empty()) {
    KeyedState& keys = *cleared_.front();
    while (keys.size() > 0) {
      GiveBack(*keys.TakeOne());
      Add(stats_.keys, static_cast<std::uint64_t>(-1));
      if (loop_.ShareSpent()) return loop_.ArmBehind(*this);
    }
    cleared_.pop_front();
  }
}

}  // namespace tidemill::broker::memory
