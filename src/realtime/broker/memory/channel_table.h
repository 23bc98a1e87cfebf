// ChannelTable: the channels that one loop owns: subscription counts, streams, presence, idempotency keys,
// and their expiry. It says what is to be delivered and to which loops; memory_broker.cc delivers.
//
// A channel has an entry while it has a subscription, a stream or a presence entry.
// Loop thread only, except stats(): any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/memory/channel_presence.h"
#include "realtime/broker/memory/idempotency.h"
#include "realtime/broker/memory/stream.h"
#include "realtime/broker/occupancy_queue.h"
#include "realtime/broker/presence.h"
#include "realtime/broker/subscription_counts.h"

namespace tidemill::broker::memory {

// The limits of one loop: its share of the broker's.
struct TableLimits {
  std::size_t history_bytes_max = 0;
  std::size_t idempotency_keys_max = 0;
};

// Written by the loop's thread only, each by one relaxed store.
struct TableStats {
  std::atomic<std::uint64_t> channels{0};
  std::atomic<std::uint64_t> history_bytes{0};
  std::atomic<std::uint64_t> history_publications{0};
  std::atomic<std::uint64_t> presence_entries{0};
};

class ChannelTable {
 public:
  // Tells `occupancy` which channels get their first subscription and lose their last.
  ChannelTable(net::Loop& loop, OccupancyQueue& occupancy, TableLimits limits);
  ~ChannelTable();
  ChannelTable(const ChannelTable&) = delete;
  ChannelTable& operator=(const ChannelTable&) = delete;

  // Small, because there may be a million channels with nothing but one subscription.
  struct ExpiringStream;
  struct Channel {
    Channel();
    ~Channel();
    SubscriptionCounts subscriptions;
    std::unique_ptr<ExpiringStream> stream;
    std::unique_ptr<ChannelPresence> presence;
  };
  using Channels = std::unordered_map<ChannelName, Channel>;
  using Entry = Channels::value_type;

  // Null: the channel has no entry. Valid until the next call that may erase channels.
  Entry* Find(const ChannelName& channel);

  struct Published {
    PublishOutcome outcome;
    PublicationPtr publication;  // to be delivered; null: nothing is
  };
  // `entry`: Find(channel). kLimitExceeded: the history budget is used up, nothing changed.
  Result<Published> Publish(Entry* entry, const ChannelName& channel, Publication publication,
                            const PublishOptions& options);

  // On an error nothing was subscribed.
  Result<SubscribeOutcome> Subscribe(const ChannelName& channel, const SubscribeOptions& options,
                                     std::size_t loop_index);
  void Unsubscribe(const ChannelName& channel, std::size_t loop_index);
  Result<HistoryOutcome> History(const ChannelName& channel, const HistoryQuery& query,
                                 const StreamSettings& settings);
  void RemoveHistory(const ChannelName& channel);
  // At most `count_max` + 1 of them.
  std::vector<ChannelCount> SubscribedChannels(std::string_view pattern, std::size_t count_max) const;

  // kLimitExceeded: the client is new and `growth` forbids it.
  enum class Growth { kAllowed, kForbidden };
  Result<void> AddPresence(const ChannelName& channel, protocol::ClientInfo info, Growth growth);
  void RemovePresence(const ChannelName& channel, std::string_view client);
  const ChannelPresence* Presence(const ChannelName& channel);

  void ReplaceLimits(TableLimits limits) { limits_ = limits; }
  const TableStats& stats() const { return stats_; }

 private:
  class KeysTimer;

  // The stream, created if there is none; its last use is now. kLimitExceeded: no room for a new one.
  Result<ExpiringStream*> UseStream(const ChannelName& channel, const StreamSettings& settings);
  ExpiringStream* LiveStream(Entry* entry);
  Entry& FindOrAdd(const ChannelName& channel);
  ExpiringStream& AddStream(Entry& entry);
  void Touch(Entry& entry, const StreamSettings& settings);
  // Drops what has expired by now; may erase the entry.
  void Expire(Entry& entry);
  void DropPublications(Stream& stream, std::size_t keep);
  void DropStream(Entry& entry);
  void EraseIfUnused(Entry& entry);
  void Remember(const ChannelName& channel, const PublishOptions& options, const StreamPosition& position);
  bool HasRoom(std::size_t more, std::size_t less) const;

  net::Loop& loop_;
  OccupancyQueue& occupancy_;
  TableLimits limits_;
  TableStats stats_;
  IdempotencyKeys keys_;
  std::unique_ptr<KeysTimer> keys_timer_;
  Channels channels_;
};

}  // namespace tidemill::broker::memory
