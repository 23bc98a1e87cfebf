// ChannelTable: the channels that one loop owns: subscription counts, streams, presence, idempotency keys,
// and their expiry. It says what is to be delivered and to which loops; memory_broker.cc delivers.
//
// A channel has an entry while it has a subscription, a stream or a presence entry. It has a stream from its
// first publication on; until then its position is offset 0 of the epoch that Epochs gives, and costs
// nothing. When the history budget is short, the positions of streams that hold nothing and that nobody
// follows go first. Loop thread only, except stats(): any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/channel_walk.h"
#include "realtime/broker/memory/channel_presence.h"
#include "realtime/broker/memory/epochs.h"
#include "realtime/broker/memory/history_budget.h"
#include "realtime/broker/memory/idempotency.h"
#include "realtime/broker/memory/stream.h"
#include "realtime/broker/occupancy_queue.h"
#include "realtime/broker/presence.h"
#include "realtime/broker/subscription_counts.h"

namespace tidemill::broker::memory {

// The limits of one loop: its share of the broker's.
struct TableLimits {
  HistoryLimits history;
  std::size_t idempotency_keys_max = 0;
};

// Written by the loop's thread only, each by one relaxed store.
struct TableStats {
  std::atomic<std::uint64_t> channels{0};
  std::atomic<std::uint64_t> subscribed_channels{0};
  std::atomic<std::uint64_t> presence_entries{0};
  std::atomic<std::uint64_t> positions_dropped{0};  // because the history budget was short
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
    Epochs::Generation generation = 0;  // of the epoch of its stream, also when it has none yet
    std::unique_ptr<ExpiringStream> stream;
    std::unique_ptr<ChannelPresence> presence;
  };
  using Channels = std::unordered_map<ChannelName, Channel>;
  using Entry = Channels::value_type;
  // Streams that hold nothing and have no subscriptions, the one that came to this first in front.
  using Positions = std::list<Entry*>;

  // Null: the channel has no entry. Valid until the next call that may erase channels.
  Entry* Find(const ChannelName& channel);

  struct Published {
    PublishOutcome outcome;
    PublicationPtr publication;  // to be delivered; null: nothing is
  };
  // `entry`: Find(channel). kLimitExceeded: the history budget is used up, or the publisher's share of it;
  // nothing was kept.
  Result<Published> Publish(Entry* entry, const ChannelName& channel, Publication publication,
                            const PublishOptions& options);

  // The parts of Publish, for a channel whose changes are published in another way.
  struct Appended {
    StreamPosition position;  // offset 0 when the channel keeps no stream
    PublicationPtr stored;    // what the stream keeps
    PublicationPtr live;      // to be delivered
  };
  // There is room for it, however much the history budget is short.
  Appended Append(const ChannelName& channel, Publication publication, const StreamSettings& settings);
  // For a key in the state of the channel, `more` bytes around it, in place of `replaced`, which may be null,
  // and for the same in the stream. Errors as Publish.
  Result<void> MakeRoomForKey(const ChannelName& channel, const Publication& comes,
                              const Publication* replaced, std::size_t more, const StreamSettings& settings);
  // The result of an earlier publish with the key, which may be "".
  std::optional<StreamPosition> FindResult(const ChannelName& channel, std::string_view idempotency_key);
  void Remember(const ChannelName& channel, const std::string& idempotency_key,
                const StreamPosition& position);
  // Where the stream is; it is used by that.
  StreamPosition Top(const ChannelName& channel, const StreamSettings& settings);
  // Whether a state follows from the channel's stream, if it has one: then its epoch stays.
  enum class Hold { kNot, kByState };
  void HoldStream(const ChannelName& channel, Hold hold);
  // Forgets the stream, and what comes next is of another epoch.
  void BeginAnew(const ChannelName& channel);
  HistoryBudget& budget() { return budget_; }

  SubscribeOutcome Subscribe(const ChannelName& channel, const SubscribeOptions& options,
                             std::size_t loop_index);
  void Unsubscribe(const ChannelName& channel, std::size_t loop_index);
  Result<HistoryOutcome> History(const ChannelName& channel, const HistoryQuery& query,
                                 const StreamSettings& settings);
  void RemoveHistory(const ChannelName& channel);
  // The next slice of a walk over those with subscriptions.
  void WalkOn(ChannelWalk& walk) const;

  // kLimitExceeded: the client is new and `growth` forbids it.
  enum class Growth { kAllowed, kForbidden };
  Result<void> AddPresence(const ChannelName& channel, protocol::ClientInfo info, Growth growth);
  void RemovePresence(const ChannelName& channel, std::string_view client);
  const ChannelPresence* Presence(const ChannelName& channel);

  void ReplaceLimits(TableLimits limits);
  const TableStats& stats() const { return stats_; }
  const HistoryBudget::Stats& history_stats() const { return budget_.stats(); }

 private:
  class KeysTimer;

  // What a channel's stream holds is read: its last use is now. Null: it holds nothing and is at PositionOf.
  ExpiringStream* UseStream(const ChannelName& channel, const StreamSettings& settings);
  StreamPosition PositionOf(const ChannelName& channel);
  ExpiringStream* LiveStream(Entry* entry);
  // kLimitExceeded: there is no room for `more` bytes with `comes` in place of what is `freed`.
  Result<void> MakeRoom(const ChannelName& channel, const Publication& comes, const ExpiringStream* kept,
                        std::size_t more, const HistoryBudget::Freed& freed);
  // What the oldest publications take that leave `kept`, null: a new stream, when one more comes.
  static HistoryBudget::Freed FreedBy(const Publication& comes, const ExpiringStream* kept,
                                      const StreamSettings& settings);
  Entry& FindOrAdd(const ChannelName& channel);
  ExpiringStream& AddStream(Entry& entry);
  void Touch(Entry& entry, const StreamSettings& settings);
  // Drops what has expired by now; may erase the entry.
  void Expire(Entry& entry);
  void DropOldest(Stream& stream, std::size_t count);
  void DropStream(Entry& entry);
  // Keeps the list of positions that may go, after a change of what the entry holds.
  void ListPosition(Entry& entry);
  void EraseIfUnused(Entry& entry);

  net::Loop& loop_;
  OccupancyQueue& occupancy_;
  std::size_t idempotency_keys_max_;
  TableStats stats_;
  HistoryBudget budget_;
  Epochs epochs_;
  IdempotencyKeys keys_;
  std::unique_ptr<KeysTimer> keys_timer_;
  Positions positions_;
  std::size_t positions_bytes_ = 0;
  Channels channels_;
};

}  // namespace tidemill::broker::memory
