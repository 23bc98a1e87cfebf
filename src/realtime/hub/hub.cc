#include "realtime/hub/hub.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "realtime/hub/form_group.h"

namespace tidemill::hub {
namespace {

// What is sent beside a fan-out that takes several turns.
constexpr std::size_t kSmallGroupMax = 16;
// So much that comes in while a fan-out is under way makes its slices as long again as they are: publishers
// that are faster than the fan-out are slowed by it.
constexpr std::uint64_t kWaitingBytesPerSlice = 32 * 1024;
// Subscription::from of one whose stream was lost, and its place in the list of those that are to be told.
constexpr std::uint64_t kLost = std::uint64_t{1} << 63;
constexpr std::uint64_t kTold = ~std::uint64_t{0};
// So many are looked at for whether they go on with deltas, in a turn: some tenths of a millisecond. Where
// more begin to follow at once, the others get another publication whole.
constexpr std::size_t kMovedPerTurn = 2048;

ChannelFilter* FindFilter(const ChannelFilters& filters, const filter::Filter& wanted) {
  const auto found = std::ranges::find_if(filters, [&](const std::unique_ptr<ChannelFilter>& kept) {
    return kept->filter->canonical() == wanted.canonical();
  });
  return found == filters.end() ? nullptr : found->get();
}

}  // namespace

static_assert(sizeof(HubChannel) <= 16, "an idle connection with a channel of its own pays for one");

const std::string& Subscription::channel() const { return group->channel->first; }

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
          {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1})),
      deltas(registry.AddCounter("tidemill_hub_deltas_total",
                                 "Publications that were sent as a delta, counted once per loop.")),
      delta_base_bytes(registry.AddGauge("tidemill_hub_delta_base_bytes",
                                         "Last publications of channels, kept to make deltas.")),
      delta_bases_refused(registry.AddCounter(
          "tidemill_hub_delta_bases_refused_total",
          "Publications not kept for deltas: channel.delta_bases_max_size was reached. The "
          "ones after them are sent whole.")),
      filters(registry.AddGauge("tidemill_hub_filters",
                                "Different filters of channels' subscribers, counted once per loop.")),
      filtered(registry.AddCounter("tidemill_hub_filtered_total",
                                   "Publications that subscribers' filters kept from them.")),
      held_bytes(registry.AddGauge("tidemill_hub_held_bytes",
                                   "Publications that wait for others of their batch (batch_max_delay).")),
      skipped(registry.AddCounter("tidemill_hub_skipped_total",
                                  "Publications that were not sent, because a newer one was in their batch "
                                  "(batch_flush_latest), counted once per loop.")),
      conflated(registry.AddCounter("tidemill_hub_conflated_total",
                                    "Times that a client that did not keep up was moved on to the newest "
                                    "publication (conflate_slow_clients).")) {}

Hub::Hub(net::Loop& loop, HubMetrics& metrics, HubOptions options)
    : loop_(loop),
      metrics_(metrics),
      encoder_(options.compression_min_bytes),
      filters_max_(options.filters_max),
      filter_work_max_(options.filter_work_max),
      delta_bytes_max_(options.delta_bytes_max),
      delta_budget_(options.delta_bases_bytes_max, metrics.delta_base_bytes, metrics.delta_bases_refused),
      held_{.gauge = metrics.held_bytes, .skipped = metrics.skipped},
      fan_out_(metrics) {}

Hub::~Hub() {
  loop_.DisarmTurnEnd(*this);
  loop_.Disarm(*this);
}

HubChannels::value_type* Hub::Find(std::string_view name) {
  const auto found = channels_.find(name);
  return found == channels_.end() ? nullptr : &*found;
}

HubChannelExtra& HubChannel::Extra() {
  if (!extra) extra = std::make_unique<HubChannelExtra>();
  return *extra;
}

FormGroup* HubChannel::Find(const Form& form) const {
  FormGroup* group = groups.get();
  while (group && group->form != form) group = group->next.get();
  return group;
}

bool HubChannel::HasFollowers() const {
  const FormGroup* group = groups.get();
  while (group && group->form.deltas != Deltas::kFollowed) group = group->next.get();
  return group != nullptr;
}

FormGroup& Hub::FindOrMake(HubChannels::value_type& channel, const Form& form) {
  if (FormGroup* const found = channel.second.Find(form)) return *found;
  auto made = std::make_unique<FormGroup>(channel, form, pool_);
  if (form.filter) ++form.filter->groups;
  std::unique_ptr<FormGroup>& groups = channel.second.groups;
  made->next = std::move(groups);
  groups = std::move(made);
  return *groups;
}

FilterRoom Hub::RoomFor(std::string_view name, const filter::Filter& filter) const {
  static const ChannelFilters none;
  const auto found = channels_.find(name);
  const HubChannelExtra* const extra = found == channels_.end() ? nullptr : found->second.extra.get();
  const ChannelFilters& filters = extra ? extra->filters : none;
  if (FindFilter(filters, filter)) return FilterRoom::kYes;
  if (filters.size() >= filters_max_) return FilterRoom::kTooMany;
  std::size_t work = filter.work();
  for (const std::unique_ptr<ChannelFilter>& kept : filters) work += kept->filter->work();
  return work > filter_work_max_ ? FilterRoom::kTooMuchWork : FilterRoom::kYes;
}

ChannelFilter& Hub::KeepFilter(HubChannel& channel, const filter::FilterPtr& filter) {
  ChannelFilters& filters = channel.Extra().filters;
  if (ChannelFilter* const found = FindFilter(filters, *filter)) return *found;
  metrics_.filters.Add(1);
  return *filters.emplace_back(std::make_unique<ChannelFilter>(filter));
}

void Hub::EvaluateFilters(const ChannelFilters& filters, const broker::Publication& publication) {
  (void)loop_.ShareSpent(0);  // the turn looks at the clock behind it: several of them may be a long turn
  const filter::TagTable tags(publication.tags);
  for (const std::unique_ptr<ChannelFilter>& kept : filters) {
    kept->matches = publication.removed || kept->filter->Matches(tags);
  }
}

// Who awaits deltas has been sent the base too, or is about to be, and is moved at the end of that flush.
bool Hub::Continues(HubChannel& channel, const broker::PublicationPtr& has) {
  for (const FormGroup* group = channel.groups.get(); group; group = group->next.get()) {
    if (group->form.deltas == Deltas::kNone) continue;
    const broker::Publication* const base = channel.bases()->Find(has->key);
    return base && base->data == has->data;
  }
  KeepBase(*channel.bases(), has);
  return true;
}

void Hub::Attach(std::string_view name, Form form, Outbox& outbox, Subscription& subscription,
                 const AttachOptions& options) {
  TM_ASSERT(!subscription.attached());
  TM_ASSERT(!options.filter || form.deltas == Deltas::kNone);
  auto found = channels_.find(name);
  if (found == channels_.end()) {
    found = channels_.try_emplace(std::string(name)).first;
    metrics_.channels.Add(1);
  }
  HubChannel& channel = found->second;
  SetBatch(*found, options.batch);
  if (options.name_bytes > 0) channel.Extra().name_bytes = options.name_bytes;
  form.conflated = options.conflated && form.deltas == Deltas::kNone && !form.join_leave;
  if (form.deltas != Deltas::kNone) {
    if (!channel.bases()) channel.Extra().bases.emplace(delta_budget_);
    if (options.has && Continues(channel, options.has)) form.deltas = Deltas::kFollowed;
  }
  if (options.filter) form.filter = &KeepFilter(channel, options.filter);
  FormGroup& group = FindOrMake(*found, form);
  subscription.outbox = &outbox;
  subscription.from = group.log.end();
  group.Add(subscription);
  ++subscriptions_;
  metrics_.subscriptions.Add(1);
}

void Hub::Detach(Subscription& subscription) {
  TM_ASSERT(subscription.attached());
  FormGroup& group = *subscription.group;
  subscription.outbox->Drop(subscription);
  fan_out_.Forget(*subscription.outbox);
  if (subscription.from >= kLost && subscription.from != kTold) lost_[subscription.from - kLost] = nullptr;
  group.Remove(subscription);
  subscription.group = nullptr;
  --subscriptions_;
  metrics_.subscriptions.Sub(1);
  // Otherwise it ends with its flush.
  if (group.subscriptions.empty() && !group.dirty && !group.in_fan_out) EndFlushOf(group);
}

void Hub::OnPublication(const broker::ChannelName& name, const broker::PublicationPtr& publication) {
  HubChannels::value_type* const channel = Find(name.value());
  if (!channel) return;
  ChannelBatch* const batch = channel->second.batch();
  if (!batch) return Deliver(*channel, publication);
  if (batch->Hold(publication)) Release(*channel);
}

void Hub::SetBatch(HubChannels::value_type& channel, const BatchOptions& options) {
  Release(channel);
  if (!options.enabled() && !channel.second.batch()) return;
  std::unique_ptr<ChannelBatch>& batch = channel.second.Extra().batch;
  if (!options.enabled()) return batch.reset();
  if (!batch) batch = std::make_unique<ChannelBatch>(loop_, held_, [this, &channel] { Release(channel); });
  batch->SetOptions(options);
}

void Hub::Release(HubChannels::value_type& channel) {
  ChannelBatch* const batch = channel.second.batch();
  if (!batch) return;
  for (const broker::PublicationPtr& publication : batch->Take()) Deliver(channel, publication);
}

void Hub::Deliver(HubChannels::value_type& named, const broker::PublicationPtr& publication) {
  auto& [name, channel] = named;
  metrics_.events.Add();
  const std::size_t told =
      channel.extra && channel.extra->name_bytes > 0 ? channel.extra->name_bytes : name.size();
  encoder_.Begin(std::string_view(name).substr(0, told), *publication, DeltaOf(channel, *publication));
  if (channel.extra && !channel.extra->filters.empty()) EvaluateFilters(channel.extra->filters, *publication);
  for (FormGroup* group = channel.groups.get(); group; group = group->next.get()) {
    if (group->form.filter && !group->form.filter->matches) {
      metrics_.filtered.Add(group->subscriptions.size());
      continue;
    }
    const std::uint64_t from = group->log.end();
    if (encoder_.AppendTo(group->log, group->form)) {
      if (group->last) group->last->position = from;
      MarkDirty(*group, from);
    } else {
      for (Subscription* subscription : group->subscriptions) subscription->OnInappropriateData();
    }
  }
  if (DeltaBases* const bases = channel.bases()) KeepBase(*bases, publication);
}

std::optional<Encoder::Delta> Hub::DeltaOf(const HubChannel& channel,
                                           const broker::Publication& publication) {
  const DeltaBases* const bases = channel.bases();
  if (!bases || !publication.send_delta || publication.removed) return std::nullopt;
  if (publication.data.size() > delta_bytes_max_ || !channel.HasFollowers()) return std::nullopt;
  const broker::Publication* const base = bases->Find(publication.key);
  if (!base) return std::nullopt;
  const auto delta = fossil_.Encode(base->data, publication.data);
  if (!delta) return std::nullopt;
  metrics_.deltas.Add();
  return Encoder::Delta{base, *delta};
}

void Hub::KeepBase(DeltaBases& bases, const broker::PublicationPtr& publication) {
  if (publication->data.size() > delta_bytes_max_) return bases.Forget(publication->key);
  bases.Keep(publication);
}

void Hub::OnJoin(const broker::ChannelName& name, const broker::ClientInfo& info) {
  AppendPush({.channel = name.value(), .body = protocol::JoinPush{info}}, info);
}

void Hub::OnLeave(const broker::ChannelName& name, const broker::ClientInfo& info) {
  AppendPush({.channel = name.value(), .body = protocol::LeavePush{info}}, info);
}

void Hub::AppendPush(const protocol::Push& push, const broker::ClientInfo& info) {
  HubChannels::value_type* const channel = Find(push.channel);
  if (!channel) return;
  Release(*channel);
  metrics_.events.Add();
  encoder_.Begin(push, protocol::InfoPushBytesMax(push.channel, info));
  for (FormGroup* group = channel->second.groups.get(); group; group = group->next.get()) {
    if (!group->form.join_leave) continue;
    const std::uint64_t from = group->log.end();
    encoder_.AppendTo(group->log, group->form);
    MarkDirty(*group, from);
  }
}

void Hub::OnStreamLost(const broker::ChannelName& name) {
  HubChannels::value_type* const named = Find(name.value());
  if (!named) return;
  Release(*named);
  HubChannel& channel = named->second;
  // Nothing more is for them from here on, although telling them takes longer.
  for (const FormGroup* group = channel.groups.get(); group; group = group->next.get()) {
    for (Subscription* const subscription : group->subscriptions) {
      if (!subscription->needs_whole_stream() || subscription->from >= kLost) continue;
      subscription->outbox->Drop(*subscription);
      fan_out_.Forget(*subscription->outbox);
      subscription->from = kLost + lost_.size();
      lost_.push_back(subscription);
    }
  }
  if (DeltaBases* const bases = channel.bases()) bases->Clear();
  TellOfLosses();
}

// Each one's end is some work: thousands are told over several turns.
void Hub::TellOfLosses() {
  while (told_ < lost_.size()) {
    Subscription* const subscription = lost_[told_++];
    if (subscription == nullptr) continue;
    subscription->from = kTold;
    subscription->OnStreamLost();
    if (told_ < lost_.size() && loop_.ShareSpent()) return loop_.ArmBehind(*this);
  }
  lost_.clear();
  told_ = 0;
}

void Hub::MarkDirty(FormGroup& group, std::uint64_t from) {
  if (fan_out_.running()) waiting_bytes_ += group.log.end() - from;
  if (std::exchange(group.dirty, true) || group.in_fan_out) return;
  if (dirty_.empty()) {
    first_event_us_ = MonotonicMicros();
    loop_.ArmTurnEnd(net::TurnEndRank::kFanOut, *this);
  }
  dirty_.push_back(&group);
}

void Hub::OnTurnEnd() {
  const bool goes_on = fan_out_.running();
  moves_left_ = kMovedPerTurn;
  const auto times = static_cast<net::Micros>(1 + waiting_bytes_ / kWaitingBytesPerSlice);
  const net::Micros share = loop_.HookShare() * times;
  net::TurnSlice slice = loop_.BeginSlice(share);
  if (goes_on) {
    SendSmallGroups(slice, share / 2);
  } else {
    BeginFanOut();
  }
  while (fan_out_.Continue(slice)) {
    EndFanOut();
    if (dirty_.empty()) return;
    BeginFanOut();
    if (slice.IsOverNow()) break;
  }
  loop_.ArmNextTurnEnd(net::TurnEndRank::kFanOut, *this);
}

void Hub::BeginFanOut() {
  fan_out_first_event_us_ = first_event_us_;
  waiting_bytes_ = 0;
  fan_out_.Begin(dirty_);
}

void Hub::EndFanOut() {
  for (FormGroup* const group : fan_out_.groups()) EndFlushOf(*group);
  fan_out_.End();
  ObserveFlush(fan_out_first_event_us_);
}

void Hub::SendSmallGroups(net::TurnSlice& slice, net::Micros reserve) {
  std::size_t kept = 0;
  bool over = false;
  for (FormGroup* const group : dirty_) {
    if (over || group->subscriptions.size() > kSmallGroupMax) {
      dirty_[kept++] = group;
      continue;
    }
    fan_out_.SendAtOnce(*group);
    waiting_bytes_ -= std::min(waiting_bytes_, group->log.flush_end() - group->log.begin());
    EndFlushOf(*group);
    over = slice.IsOverNow(reserve);
  }
  if (kept < dirty_.size()) ObserveFlush(first_event_us_);
  dirty_.resize(kept);
}

void Hub::EndFlushOf(FormGroup& group) {
  group.in_fan_out = false;
  group.reached = 0;
  group.log.EndFlush();
  if (group.form.conflated) metrics_.conflated.Add(std::exchange(group.last->moved_on, 0));
  if (group.awaits_deltas()) MoveToFollowing(group);
  if (group.dirty) {
    if (dirty_.empty()) first_event_us_ = MonotonicMicros();
    return dirty_.push_back(&group);
  }
  if (group.subscriptions.empty()) RemoveGroup(group);
}

// Both logs have the same events. So what follows an event in the one continues what the subscriber has been
// sent in the other, if it has had that publication: either nothing is left of this log, or what is left
// began when its flush did.
void Hub::MoveToFollowing(FormGroup& group) {
  const LastPublication& last = *group.last;
  if (group.subscriptions.empty() || last.flushed == LastPublication::kNowhere) return;
  FormGroup* following = group.Following();
  const bool known = following && last.follow_at != LastPublication::kNowhere;
  if (group.dirty && (!known || following->log.begin() > last.follow_at)) return;
  for (std::size_t i = group.subscriptions.size(); i-- > 0 && moves_left_ > 0; --moves_left_) {
    Subscription& subscription = *group.subscriptions[i];
    if (subscription.behind || subscription.from > last.flushed) continue;
    if (!following) {
      Form form = group.form;
      form.deltas = Deltas::kFollowed;
      following = &FindOrMake(*group.channel, form);
    }
    subscription.from = group.dirty ? last.follow_at : following->log.end();
    group.Remove(subscription);
    following->Add(subscription);
  }
}

void Hub::ForgetFilter(HubChannel& channel, ChannelFilter& filter) {
  if (--filter.groups > 0) return;
  std::erase_if(channel.extra->filters, [&](const auto& kept) { return kept.get() == &filter; });
  metrics_.filters.Sub(1);
}

void Hub::RemoveGroup(FormGroup& group) {
  auto& [name, channel] = *group.channel;
  if (group.form.filter) ForgetFilter(channel, *group.form.filter);
  std::unique_ptr<FormGroup>* at = &channel.groups;
  while (at->get() != &group) at = &(*at)->next;
  *at = std::move((*at)->next);
  bool has_deltas = false;
  for (FormGroup* left = channel.groups.get(); left; left = left->next.get()) {
    has_deltas = has_deltas || left->form.deltas != Deltas::kNone;
    // It may have been the log that the position is of.
    if (left->last) left->last->follow_at = LastPublication::kNowhere;
  }
  if (!has_deltas && channel.extra) channel.extra->bases.reset();
  if (channel.groups) return;
  channels_.erase(channels_.find(name));
  metrics_.channels.Sub(1);
}

void Hub::ObserveFlush(std::int64_t first_event_us) {
  metrics_.flush_seconds.Observe(static_cast<double>(MonotonicMicros() - first_event_us) / 1e6);
}

}  // namespace tidemill::hub
