#include "realtime/hub/hub.h"

#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "realtime/hub/form_group.h"

namespace tidemill::hub {
namespace {

constexpr std::size_t kTurnRangesMax = 64;

}  // namespace

const std::string& Subscription::channel() const { return *group->channel->name; }

HubMetrics::HubMetrics(metrics::Registry& registry)
    : events(registry.AddCounter("tidemill_hub_events_total",
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

Hub::Hub(net::Loop& loop, HubMetrics& metrics, HubOptions options)
    : loop_(loop), metrics_(metrics), encoder_(options.compression_min_bytes) {}

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
  FormGroup* group = channel->groups.get();
  while (group && group->form != form) group = group->next.get();
  if (!group) {
    auto made = std::make_unique<FormGroup>(*channel, form, pool_);
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
  FormGroup& group = *subscription.group;
  subscription.outbox->Drop(subscription);
  Subscription* const last = group.subscriptions.back();
  group.subscriptions[subscription.index] = last;
  last->index = subscription.index;
  group.subscriptions.pop_back();
  subscription.group = nullptr;
  --subscriptions_;
  metrics_.subscriptions.Sub(1);
  // A dirty group is still in the turn's list: OnTurnEnd ends its turn.
  if (group.subscriptions.empty() && !group.dirty) EndTurnOf(group);
}

void Hub::OnPublication(const broker::ChannelName& name, const broker::PublicationPtr& publication) {
  HubChannel* const channel = Find(name.value());
  if (!channel) return;
  metrics_.events.Add();
  encoder_.Begin(name.value(), *publication);
  for (FormGroup* group = channel->groups.get(); group; group = group->next.get()) {
    if (encoder_.AppendTo(group->log, group->form)) {
      MarkDirty(*group);
    } else {
      for (Subscription* subscription : group->subscriptions) subscription->OnInappropriateData();
    }
  }
}

void Hub::OnJoin(const broker::ChannelName& name, const broker::ClientInfo& info) {
  AppendPush({.channel = name.value(), .body = protocol::JoinPush{info}}, info);
}

void Hub::OnLeave(const broker::ChannelName& name, const broker::ClientInfo& info) {
  AppendPush({.channel = name.value(), .body = protocol::LeavePush{info}}, info);
}

void Hub::AppendPush(const protocol::Push& push, const broker::ClientInfo& info) {
  HubChannel* const channel = Find(push.channel);
  if (!channel) return;
  metrics_.events.Add();
  encoder_.Begin(push, protocol::InfoPushBytesMax(push.channel, info));
  for (FormGroup* group = channel->groups.get(); group; group = group->next.get()) {
    if (!group->form.join_leave) continue;
    encoder_.AppendTo(group->log, group->form);
    MarkDirty(*group);
  }
}

void Hub::OnStreamLost(const broker::ChannelName& name) {
  HubChannel* const channel = Find(name.value());
  if (!channel) return;
  // A session has one subscription to a channel, so that none of these ends with another.
  std::vector<Subscription*> subscriptions;
  for (const FormGroup* group = channel->groups.get(); group; group = group->next.get()) {
    subscriptions.insert(subscriptions.end(), group->subscriptions.begin(), group->subscriptions.end());
  }
  for (Subscription* subscription : subscriptions) subscription->OnStreamLost();
}

void Hub::MarkDirty(FormGroup& group) {
  if (group.dirty) return;
  group.dirty = true;
  if (dirty_.empty()) {
    first_event_us_ = MonotonicMicros();
    loop_.ArmTurnEnd(net::TurnEndRank::kFanOut, *this);
  }
  dirty_.push_back(&group);
}

void Hub::OnTurnEnd() {
  for (const FormGroup* group : dirty_) {
    const std::size_t subscribers = group->subscriptions.size();
    metrics_.frames_sent.Add(subscribers * group->log.turn_frames());
    metrics_.bytes_sent.Add(subscribers * group->log.turn_bytes());
  }
  if (dirty_.size() == 1) {
    SendOneGroup(*dirty_.front());
  } else {
    SendManyGroups();
  }
  for (FormGroup* group : dirty_) EndTurnOf(*group);
  dirty_.clear();
  metrics_.flush_seconds.Observe(static_cast<double>(MonotonicMicros() - first_event_us_) / 1e6);
}

void Hub::SendOneGroup(FormGroup& group) {
  iovec ranges[kTurnRangesMax];
  const std::size_t count =
      Ranges(group.log.CursorAt(group.log.turn_begin()), group.log.end(), ranges, kTurnRangesMax);
  const std::span<Subscription* const> subscriptions = group.subscriptions;
  for (std::size_t i = 0; i < subscriptions.size(); ++i) {
    // The subscription, its outbox and its stream are rarely in the cache: they are far apart in memory.
    if (i + 8 < subscriptions.size()) __builtin_prefetch(subscriptions[i + 8]);
    if (i + 4 < subscriptions.size()) subscriptions[i + 4]->outbox->Prefetch();
    subscriptions[i]->outbox->SendOnly(*subscriptions[i], std::span(ranges, count));
  }
}

void Hub::SendManyGroups() {
  for (const FormGroup* group : dirty_) {
    for (Subscription* subscription : group->subscriptions) {
      Outbox& outbox = *subscription->outbox;
      if (!outbox.pending_) outboxes_.push_back(&outbox);
      outbox.AddPending(*subscription);
    }
  }
  for (Outbox* outbox : outboxes_) outbox->SendPending();
  outboxes_.clear();
}

void Hub::EndTurnOf(FormGroup& group) {
  group.dirty = false;
  group.log.EndTurn();
  if (!group.subscriptions.empty()) return;
  HubChannel& channel = *group.channel;
  std::unique_ptr<FormGroup>* at = &channel.groups;
  while (at->get() != &group) at = &(*at)->next;
  *at = std::move((*at)->next);
  if (channel.groups) return;
  channels_.erase(channels_.find(*channel.name));
  metrics_.channels.Sub(1);
}

}  // namespace tidemill::hub
