// MapTable: the states of the map channels that one loop owns. Their streams are in its ChannelTable.
//
// A channel has a state while it has a key. What the state takes counts against the history budget, beside
// what the stream keeps of the same publications. Keys that expire, and a state that is cleared, go in slices
// of a turn. It says what is to be delivered; memory_broker.cc delivers. Loop thread only, except stats():
// any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

#include "net/loop.h"
#include "realtime/broker/map_broker.h"
#include "realtime/broker/memory/channel_table.h"

namespace tidemill::broker::memory {

class KeyedState;

// What becomes of keys whose time is over.
class RemovalEvents {
 public:
  // Whether the channel's subscribers can take one more event now.
  virtual bool HasRoom(const ChannelName& channel) = 0;
  virtual void OnRemoval(const ChannelName& channel, PublicationPtr removal) = 0;

 protected:
  ~RemovalEvents() = default;
};

// Written by the loop's thread only, each by one relaxed store.
struct MapTableStats {
  std::atomic<std::uint64_t> channels{0};
  std::atomic<std::uint64_t> keys{0};
  std::atomic<std::uint64_t> expired{0};
  std::atomic<std::uint64_t> refused_for_keys{0};   // over MapLimits::keys_max
  std::atomic<std::uint64_t> refused_for_bytes{0};  // over MapLimits::bytes_max
};

class MapTable final : private net::Pollable {
 public:
  MapTable(net::Loop& loop, ChannelTable& channels, RemovalEvents& removals, MapLimits limits);
  ~MapTable();
  MapTable(const MapTable&) = delete;
  MapTable& operator=(const MapTable&) = delete;

  struct Changed {
    MapOutcome outcome;
    PublicationPtr publication;  // to be delivered; null: nothing is
  };
  // As MapBroker.
  Result<Changed> Publish(const ChannelName& channel, Publication publication,
                          const MapPublishOptions& options);
  Result<Changed> Remove(const ChannelName& channel, std::string_view key, const MapRemoveOptions& options);
  Result<MapPage> ReadState(const ChannelName& channel, const MapStateQuery& query, const MapSettings& map);
  MapStats Stats(const ChannelName& channel) const;
  // The subscribers are to be told that the stream is lost.
  void Clear(const ChannelName& channel);

  void ReplaceLimits(MapLimits limits) { limits_ = limits; }
  const MapTableStats& stats() const { return stats_; }

 private:
  class State;

  State* Find(const ChannelName& channel) const;
  State& FindOrAdd(const ChannelName& channel, const MapSettings& map);
  // Why a publish changes nothing, by what `state` holds; null: there is no state.
  Unchanged Check(State* state, const Publication& publication, const MapPublishOptions& options);
  Unchanged CheckLimits(const State* state, const Publication& publication);
  // There is room for it.
  Changed Put(const ChannelName& channel, Publication publication, const MapPublishOptions& options);
  // The key is there. May end the state.
  Changed TakeOut(State& state, std::string_view key, const StreamSettings& stream);
  void GiveBack(const Publication& publication);
  void EraseIfEmpty(State& state);
  // Removes what has expired, as much as the callback's share of the turn has time for.
  void Expire(State& state);
  // In further turns: goes on with what was cleared.
  void OnReady(std::uint32_t) override;

  net::Loop& loop_;
  ChannelTable& channels_;
  RemovalEvents& removals_;
  MapLimits limits_;
  MapTableStats stats_;
  std::unordered_map<ChannelName, std::unique_ptr<State>> states_;
  std::deque<std::unique_ptr<KeyedState>> cleared_;
};

}  // namespace tidemill::broker::memory
