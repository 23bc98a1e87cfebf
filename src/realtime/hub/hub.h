// Hub: the subscriptions of one loop's sessions, and the fan-out to them.
//
// An event becomes one frame in the log of each form that some subscriber of the channel has (hub/encoder.h).
// Where deltas were negotiated, a publication's is made once, of what all who follow deltas have
// (delta_bases.h). Who has nothing yet is sent publications whole and joins them when it has had one.
// At the end of the turn every session with something new is written once. Nothing is allocated or copied per
// subscriber. When that is more than the turn has time for, the rest is sent in the next turns (fan_out.h):
// what comes in for channels with few subscribers meanwhile goes before it, all else waits for its end.
//
// The hub knows channels, forms and outboxes, but no permissions, no protocol state and no framing.
//
// Thread: one Hub per loop, that loop only. It gets the broker's events and turns them into frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text_hash.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "realtime/broker/broker.h"
#include "realtime/delta/fossil.h"
#include "realtime/filter/filter.h"
#include "realtime/hub/channel_batch.h"
#include "realtime/hub/delta_bases.h"
#include "realtime/hub/encoder.h"
#include "realtime/hub/fan_out.h"
#include "realtime/hub/form.h"
#include "realtime/hub/frame_log.h"
#include "realtime/hub/outbox.h"

namespace tidemill::hub {

struct FormGroup;

// A filter that subscribers of a channel have, whoever they are: it is evaluated once per publication.
struct ChannelFilter {
  filter::FilterPtr filter;
  std::uint32_t groups = 0;
  bool matches = false;  // the publication at hand
};
using ChannelFilters = std::vector<std::unique_ptr<ChannelFilter>>;

// What few channels have.
struct HubChannelExtra {
  std::optional<DeltaBases> bases;  // none: no form has deltas
  ChannelFilters filters;
  std::unique_ptr<ChannelBatch> batch;  // null: publications go out at once
  std::size_t name_bytes = 0;           // so much of the name is what clients are told; 0: all
};

// There may be a million, with one subscription each.
struct HubChannel {
  std::unique_ptr<FormGroup> groups;       // a list: nearly always of one
  std::unique_ptr<HubChannelExtra> extra;  // null: it never had any of it

  HubChannelExtra& Extra();
  DeltaBases* bases() const { return extra && extra->bases ? &*extra->bases : nullptr; }
  ChannelBatch* batch() const { return extra ? extra->batch.get() : nullptr; }
  FormGroup* Find(const Form& form) const;
  // Whether anybody may be sent a delta.
  bool HasFollowers() const;
};

// By name.
using HubChannels = std::unordered_map<std::string, HubChannel, TextHash, std::equal_to<>>;

// One session's place in one channel. Sessions derive from it to keep what else they know of the channel.
struct Subscription {
  Subscription() = default;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  virtual ~Subscription() = default;

  // The publication cannot be said in this session's encoding. Called while the hub walks its lists: end the
  // subscription later, not inside.
  virtual void OnInappropriateData() = 0;
  // Whether a stream with a gap is of no use to it.
  virtual bool needs_whole_stream() const = 0;
  // Of one that needs it whole: the stream was lost, what comes next does not continue what came before.
  // Nothing more comes. The subscription may end inside.
  virtual void OnStreamLost() = 0;

  const std::string& channel() const;
  bool attached() const { return group != nullptr; }

  // The hub's.
  Outbox* outbox = nullptr;
  FormGroup* group = nullptr;
  Subscription* next_pending = nullptr;
  std::uint64_t from = 0;   // log position of the first frame that is for it; kLost and more: none is
  std::uint32_t index = 0;  // in group->subscriptions
  bool behind = false;      // the outbox has a cursor for it
};

struct HubMetrics {
  explicit HubMetrics(metrics::Registry& registry);
  metrics::Counter& events;       // publications, joins and leaves taken from the broker
  metrics::Counter& frames_sent;  // events × subscribers
  metrics::Counter& bytes_sent;
  metrics::Gauge& subscriptions;
  metrics::Gauge& channels;
  metrics::Histogram& flush_seconds;  // from a turn's first event to its last write
  metrics::Counter& deltas;           // publications that were sent as one
  metrics::Gauge& delta_base_bytes;
  metrics::Counter& delta_bases_refused;
  metrics::Gauge& filters;
  metrics::Counter& filtered;  // publications × subscribers
  metrics::Gauge& held_bytes;  // of batches
  metrics::Counter& skipped;   // by batches of which only the newest is sent
  metrics::Counter& conflated;
};

struct HubOptions {
  std::size_t compression_min_bytes = 128;  // smaller messages are sent as they are
  std::size_t delta_bytes_max = 64 * 1024;  // larger publications are sent whole, and so are those after them
  std::size_t delta_bases_bytes_max = std::size_t{32} << 20;
  std::size_t filters_max = 100;                         // different ones of a channel
  std::size_t filter_work_max = filter::kWorkAtOnceMax;  // of these together: Filter::work
};

// What more there is to tell of a subscription.
struct AttachOptions {
  // Of a stream with deltas: the publication right before those that come, when the subscriber has been sent
  // it whole or as a delta. Null: it has not.
  broker::PublicationPtr has{};
  // Only publications that it matches are sent, and what removes a key. Not with deltas.
  filter::FilterPtr filter{};
  // Of the channel, for all its subscribers: what the last one brought holds.
  BatchOptions batch{};
  // When the subscriber does not keep up it is sent the newest publication in place of those that it has not
  // taken. Not with deltas, joins and leaves.
  bool conflated = false;
  // Of the channel: so many bytes of its name are what clients are told, the rest is the server's; 0: all
  // are. The same for all its subscribers.
  std::size_t name_bytes = 0;
};

enum class FilterRoom : std::uint8_t { kYes, kTooMany, kTooMuchWork };

class Hub final : public broker::BrokerEvents, public net::TurnEndHook, private net::Pollable {
 public:
  Hub(net::Loop& loop, HubMetrics& metrics, HubOptions options);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // From here on `subscription` gets the channel's events, in `form`, through `outbox`.
  // Both stay the session's and must be detached before they end.
  //
  // Form::deltas of a stream: kNone or kAwaited. Of a map: kNone, or kFollowed for one that has the whole
  // state as of now, or will have been sent it before anything of the channel.
  void Attach(std::string_view channel, Form form, Outbox& outbox, Subscription& subscription,
              const AttachOptions& options = {});
  // Whether the channel has room for the filter, or has it already. Ask before a subscription with one is
  // attached.
  FilterRoom RoomFor(std::string_view channel, const filter::Filter& filter) const;
  void Detach(Subscription& subscription);

  std::size_t channels() const { return channels_.size(); }
  std::size_t subscriptions() const { return subscriptions_; }
  const SegmentPool& segments() const { return pool_; }

  // broker::BrokerEvents
  void OnPublication(const broker::ChannelName& channel, const broker::PublicationPtr& publication) override;
  void OnJoin(const broker::ChannelName& channel, const broker::ClientInfo& info) override;
  void OnLeave(const broker::ChannelName& channel, const broker::ClientInfo& info) override;
  void OnStreamLost(const broker::ChannelName& channel) override;

  // net::TurnEndHook
  void OnTurnEnd() override;

 private:
  // In further turns: goes on telling of losses.
  void OnReady(std::uint32_t) override { TellOfLosses(); }
  void TellOfLosses();
  // Null: nobody follows it.
  HubChannels::value_type* Find(std::string_view name);
  ChannelFilter& KeepFilter(HubChannel& channel, const filter::FilterPtr& filter);
  // One group of it less.
  void ForgetFilter(HubChannel& channel, ChannelFilter& filter);
  void EvaluateFilters(const ChannelFilters& filters, const broker::Publication& publication);
  FormGroup& FindOrMake(HubChannels::value_type& channel, const Form& form);
  // Whether all who follow deltas of the channel or await them have `has`, if there are any.
  bool Continues(HubChannel& channel, const broker::PublicationPtr& has);
  std::optional<Encoder::Delta> DeltaOf(const HubChannel& channel, const broker::Publication& publication);
  void KeepBase(DeltaBases& bases, const broker::PublicationPtr& publication);
  // Its flush is over: who has had a publication of it goes on in the group that follows deltas.
  void MoveToFollowing(FormGroup& group);
  void RemoveGroup(FormGroup& group);
  void SetBatch(HubChannels::value_type& channel, const BatchOptions& options);
  // Sends what the channel holds back, if it does.
  void Release(HubChannels::value_type& channel);
  void Deliver(HubChannels::value_type& channel, const broker::PublicationPtr& publication);
  // A join or leave of `info`.
  void AppendPush(const protocol::Push& push, const broker::ClientInfo& info);
  // It has frames from log position `from` on.
  void MarkDirty(FormGroup& group, std::uint64_t from);
  void BeginFanOut();
  void EndFanOut();
  // Those of `dirty_` with few subscribers, before the rest of the fan-out at hand.
  void SendSmallGroups(net::TurnSlice& slice, net::Micros reserve);
  // Its flush is over: what came meanwhile is for the next one, and an empty one goes.
  void EndFlushOf(FormGroup& group);
  void ObserveFlush(std::int64_t first_event_us);

  net::Loop& loop_;
  HubMetrics& metrics_;
  SegmentPool pool_;
  Encoder encoder_;
  const std::size_t filters_max_;
  const std::size_t filter_work_max_;
  const std::size_t delta_bytes_max_;
  delta::FossilEncoder fossil_;
  DeltaBudget delta_budget_;
  HeldBytes held_;
  HubChannels channels_;
  std::size_t subscriptions_ = 0;
  std::vector<Subscription*> lost_;  // to be told of a loss, the first `told_` have been; null: it has ended
  std::size_t told_ = 0;
  std::vector<FormGroup*> dirty_;  // and in no fan-out
  std::int64_t first_event_us_ = 0;
  FanOut fan_out_;
  std::size_t moves_left_ = 0;  // in this turn: subscribers that may be looked at for moving
  std::int64_t fan_out_first_event_us_ = 0;
  std::uint64_t waiting_bytes_ = 0;  // came since the fan-out began
};

}  // namespace tidemill::hub
