#include "realtime/hub/hub.h"

#include <array>
#include <optional>

#include "base/assert.h"
#include "base/clock.h"
#include "base/json.h"
#include "realtime/hub/group.h"
#include "websocket/deflate.h"
#include "websocket/frame.h"

namespace tidemill::hub {
namespace {

constexpr std::size_t kTurnRangesMax = 64;

}  // namespace

const std::string& Subscription::channel() const { return *group->channel->name; }

HubMetrics::HubMetrics(metrics::Registry& registry)
    : publications(registry.AddCounter("tidemill_hub_events_total",
                                       "Publications, joins and leaves taken from the broker.")),
      frames_sent(registry.AddCounter("tidemill_hub_frames_sent_total", "Frames handed to subscribers.")),
      bytes_sent(
          registry.AddCounter("tidemill_hub_bytes_sent_total", "Bytes of frames handed to subscribers.")),
      subscriptions(registry.AddGauge("tidemill_subscriptions", "Subscriptions of this node's sessions.")),
      channels(
          registry.AddGauge("tidemill_hub_channels", "Channels with a subscriber, counted once per loop.")),
      flush_seconds(registry.AddHistogram(
          "tidemill_hub_flush_seconds", "Time from a turn's first event to the last write of its fan-out.",
          {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1})) {}

// Makes the frame of one event in each form, each at most once.
class Hub::Encoder {
 public:
  explicit Encoder(std::size_t compression_min_bytes) : compression_min_bytes_(compression_min_bytes) {}

  void Begin() {
    for (Message& message : messages_) message.made = false;
  }

  // The message in `encoding`, made by `encode` the first time.
  template <class Encode>
  void AppendTo(FrameLog& log, Form form, Encode encode) {
    Message& message = messages_[static_cast<std::size_t>(form.encoding)];
    if (!message.made) {
      message.made = true;
      message.compressed_made = false;
      message.text.clear();
      encode(form.encoding, message.text);
    }
    if (form.compressed && message.text.size() >= compression_min_bytes_) {
      if (!message.compressed_made) {
        message.compressed_made = true;
        message.compressed = websocket::DeflateMessage(message.text, 15);
      }
      if (message.compressed) return Append(log, form.encoding, true, *message.compressed);
    }
    Append(log, form.encoding, false, message.text);
  }

 private:
  struct Message {
    bool made = false;
    bool compressed_made = false;
    std::string text;
    std::optional<std::string> compressed;
  };

  void Append(FrameLog& log, protocol::Encoding encoding, bool compressed, std::string_view payload) {
    header_.clear();
    const bool json = encoding == protocol::Encoding::kJson;
    const websocket::FrameHeader header{json ? websocket::Opcode::kText : websocket::Opcode::kBinary,
                                        compressed};
    websocket::AppendFrameHeader(header, payload.size(), header_);
    log.Append(header_, payload);
  }

  const std::size_t compression_min_bytes_;
  std::array<Message, 2> messages_;
  std::string header_;
};

Hub::Hub(net::Loop& loop, HubMetrics& metrics, HubOptions options)
    : loop_(loop), metrics_(metrics), encoder_(std::make_unique<Encoder>(options.compression_min_bytes)) {}

Hub::~Hub() { loop_.DisarmTurnEnd(*this); }

HubChannel* Hub::Find(std::string_view channel) {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? nullptr : &found->second;
}

void Hub::Attach(std::string_view name, Form form, Outbox& outbox, Subscription& subscription) {
  TM_ASSERT(!subscription.attached());
  HubChannel* channel = Find(name);
  if (!channel) {
    const auto [made, inserted] = channels_.try_emplace(std::string(name));
    channel = &made->second;
    channel->name = &made->first;
    metrics_.channels.Add(1);
  }
  Group* group = channel->groups.get();
  while (group && group->form != form) group = group->next.get();
  if (!group) {
    auto made = std::make_unique<Group>(*channel, form, pool_);
    made->next = std::move(channel->groups);
    channel->groups = std::move(made);
    group = channel->groups.get();
  }
  subscription.outbox = &outbox;
  subscription.group = group;
  subscription.from = group->log.end();
  subscription.index = static_cast<std::uint32_t>(group->subscriptions.size());
  group->subscriptions.push_back(&subscription);
  ++subscriptions_;
  metrics_.subscriptions.Add(1);
}

void Hub::Detach(Subscription& subscription) {
  TM_ASSERT(subscription.attached());
  Group& group = *subscription.group;
  subscription.outbox->Drop(subscription);
  Subscription* const last = group.subscriptions.back();
  group.subscriptions[subscription.index] = last;
  last->index = subscription.index;
  group.subscriptions.pop_back();
  subscription.group = nullptr;
  --subscriptions_;
  metrics_.subscriptions.Sub(1);
  // A dirty group is still in the turn's list: the turn's end looks after it.
  if (group.subscriptions.empty() && !group.dirty) EndTurnOf(group);
}

void Hub::OnPublication(const broker::ChannelName& name, const broker::PublicationPtr& publication) {
  HubChannel* const channel = Find(name.value());
  if (!channel) return;
  metrics_.publications.Add();
  encoder_->Begin();
  for (Group* group = channel->groups.get(); group; group = group->next.get()) {
    const bool json = group->form.encoding == protocol::Encoding::kJson;
    if (json && !publication->data_is_json && !IsJson(publication->data)) {
      for (Subscription* subscription : group->subscriptions) subscription->OnInappropriateData();
      continue;
    }
    encoder_->AppendTo(group->log, group->form, [&](protocol::Encoding encoding, std::string& out) {
      protocol::AppendPublicationPush(encoding, name.value(), *publication, out);
    });
    MarkDirty(*group);
  }
}

void Hub::OnJoin(const broker::ChannelName& name, const broker::ClientInfo& info) {
  if (HubChannel* const channel = Find(name.value())) {
    AppendPush(*channel, {.channel = name.value(), .body = protocol::JoinPush{info}});
  }
}

void Hub::OnLeave(const broker::ChannelName& name, const broker::ClientInfo& info) {
  if (HubChannel* const channel = Find(name.value())) {
    AppendPush(*channel, {.channel = name.value(), .body = protocol::LeavePush{info}});
  }
}

void Hub::AppendPush(HubChannel& channel, const protocol::Push& push) {
  metrics_.publications.Add();
  encoder_->Begin();
  for (Group* group = channel.groups.get(); group; group = group->next.get()) {
    if (!group->form.join_leave) continue;
    encoder_->AppendTo(group->log, group->form, [&](protocol::Encoding encoding, std::string& out) {
      protocol::AppendPush(encoding, push, out);
    });
    MarkDirty(*group);
  }
}

void Hub::OnStreamLost(const broker::ChannelName& name) {
  HubChannel* const channel = Find(name.value());
  if (!channel) return;
  // A session has one subscription to a channel, so that none of these ends with another.
  std::vector<Subscription*> told;
  for (const Group* group = channel->groups.get(); group; group = group->next.get()) {
    told.insert(told.end(), group->subscriptions.begin(), group->subscriptions.end());
  }
  for (Subscription* subscription : told) subscription->OnStreamLost();
}

void Hub::MarkDirty(Group& group) {
  if (group.dirty) return;
  group.dirty = true;
  if (dirty_.empty()) {
    first_event_us_ = MonotonicMicros();
    loop_.ArmTurnEnd(net::TurnEndRank::kFanOut, *this);
  }
  dirty_.push_back(&group);
}

void Hub::OnTurnEnd() {
  for (const Group* group : dirty_) {
    const std::size_t subscribers = group->subscriptions.size();
    metrics_.frames_sent.Add(subscribers * group->log.turn_frames());
    metrics_.bytes_sent.Add(subscribers * group->log.turn_bytes());
  }
  if (dirty_.size() == 1) {
    SendOneGroup(*dirty_.front());
  } else {
    SendManyGroups();
  }
  for (Group* group : dirty_) EndTurnOf(*group);
  dirty_.clear();
  metrics_.flush_seconds.Observe(static_cast<double>(MonotonicMicros() - first_event_us_) / 1e6);
}

void Hub::SendOneGroup(Group& group) {
  iovec ranges[kTurnRangesMax];
  const std::size_t count =
      Ranges(group.log.CursorAt(group.log.turn_begin()), group.log.end(), ranges, kTurnRangesMax);
  const std::span<Subscription* const> subscriptions = group.subscriptions;
  for (std::size_t i = 0; i < subscriptions.size(); ++i) {
    // What belongs to a subscriber lies in three places that were last touched long ago.
    if (i + 8 < subscriptions.size()) __builtin_prefetch(subscriptions[i + 8]);
    if (i + 4 < subscriptions.size()) subscriptions[i + 4]->outbox->Prefetch();
    subscriptions[i]->outbox->SendOnly(*subscriptions[i], std::span(ranges, count));
  }
}

void Hub::SendManyGroups() {
  for (const Group* group : dirty_) {
    for (Subscription* subscription : group->subscriptions) {
      Outbox& outbox = *subscription->outbox;
      if (!outbox.pending_) outboxes_.push_back(&outbox);
      outbox.AddPending(*subscription);
    }
  }
  for (Outbox* outbox : outboxes_) outbox->SendPending();
  outboxes_.clear();
}

void Hub::EndTurnOf(Group& group) {
  group.dirty = false;
  group.log.EndTurn();
  if (!group.subscriptions.empty()) return;
  HubChannel& channel = *group.channel;
  std::unique_ptr<Group>* at = &channel.groups;
  while (at->get() != &group) at = &(*at)->next;
  *at = std::move((*at)->next);
  if (channel.groups) return;
  channels_.erase(channels_.find(*channel.name));
  metrics_.channels.Sub(1);
}

}  // namespace tidemill::hub
