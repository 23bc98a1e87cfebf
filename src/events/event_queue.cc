#include "events/event_queue.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/log.h"
#include "redis/hash_slot.h"

namespace tidemill::events {
namespace {

// In one call: a fraction of a millisecond.
constexpr std::size_t kSomeMax = 500;

constexpr std::array<std::string_view, kLosses> kLimits = {
    "channel.proxy.state.waiting_max", "a user's share of channel.proxy.state.waiting_max",
    "channel.proxy.state.channels_max"};

}  // namespace

EventQueue::EventQueue(std::string id, QueueLimits limits, Metrics& metrics,
                       std::function<void(std::size_t)> wake)
    : id_(std::move(id)), limits_(limits), metrics_(metrics), wake_(std::move(wake)), lanes_(limits.lanes) {}

EventQueue::~EventQueue() {
  metrics_.channels.Sub(static_cast<std::int64_t>(channels_.size()));
  metrics_.waiting.Sub(static_cast<std::int64_t>(waiting_));
}

// The same on all nodes.
std::size_t EventQueue::LaneOf(std::string_view name) const { return redis::SlotOf(name) % lanes_.size(); }

void EventQueue::SetOccupied(std::string_view name, Moment at) {
  auto found = channels_.find(name);
  if (found == channels_.end()) {
    if (channels_.size() >= limits_.channels_max) return Lose(Loss::kChannels, at.now);
    found = channels_.try_emplace(std::string(name)).first;
    found->second.name = &found->first;
    found->second.lane = LaneOf(name);
    metrics_.channels.Add(1);
  }
  EndDelay(found->second);
  if (!found->second.is_occupied) Set(found->second, true, at.wall);
}

void EventQueue::SetVacated(std::string_view name, Moment at) {
  const auto found = channels_.find(name);
  if (found == channels_.end()) return;
  Channel& channel = found->second;
  if (!channel.is_occupied || channel.delay) return;
  if (limits_.vacated_delay.ms == 0) return Set(channel, false, at.wall);
  channel.delayed_until = at.now + limits_.vacated_delay;
  channel.delay = delayed_.insert(delayed_.end(), &channel);
}

std::optional<MonotonicTime> EventQueue::NextDelayEnd() const {
  if (delayed_.empty()) return std::nullopt;
  return limits_.vacated_delay.ms == 0 ? MonotonicTime{} : delayed_.front()->delayed_until;
}

void EventQueue::EndDelays(Moment at) {
  for (std::size_t i = 0; i < kSomeMax && !delayed_.empty() && *NextDelayEnd() <= at.now; ++i) {
    Channel& channel = *delayed_.front();
    EndDelay(channel);
    Set(channel, false, at.wall);
  }
}

void EventQueue::EndDelay(Channel& channel) {
  if (!channel.delay) return;
  delayed_.erase(*channel.delay);
  channel.delay.reset();
}

void EventQueue::Set(Channel& channel, bool is_occupied, WallTime since) {
  channel.is_occupied = is_occupied;
  channel.since = since;
  Settle(channel);
}

void EventQueue::Settle(Channel& channel) {
  if (channel.is_sending) return;  // once that is done
  if (channel.is_occupied != channel.is_told) {
    if (!channel.entry) channel.entry = Push(channel.lane, {.channel = &channel});
    return;
  }
  if (channel.entry) Pull(channel.lane, *std::exchange(channel.entry, std::nullopt));
  if (channel.is_occupied) return;
  channels_.erase(channels_.find(*channel.name));
  metrics_.channels.Sub(1);
}

void EventQueue::Add(const ClientEvent& event, Moment at) {
  if (client_events_ >= limits_.waiting_max) return Lose(Loss::kQueueFull, at.now);
  std::string json = JsonOf(event);
  if (client_bytes_ + json.size() > limits_.waiting_bytes_max) return Lose(Loss::kQueueFull, at.now);
  if (!event.user.empty()) {  // anonymous clients are not one user
    std::size_t& of_user = of_user_[event.user];
    if (of_user >= limits_.per_user_max()) return Lose(Loss::kUserShare, at.now);
    ++of_user;
  }
  ++client_events_;
  client_bytes_ += json.size();
  const std::size_t lane = LaneOf(event.channel.empty() ? event.client : event.channel);
  Push(lane, {.type = event.type, .json = std::move(json), .user = event.user});
}

std::list<EventQueue::Entry>::iterator EventQueue::Push(std::size_t lane, Entry entry) {
  std::list<Entry>& entries = lanes_[lane].entries;
  const auto pushed = entries.insert(entries.end(), std::move(entry));
  ++waiting_;
  metrics_.waiting.Add(1);
  if (entries.size() == 1) wake_(lane);
  return pushed;
}

EventQueue::Entry EventQueue::Pull(std::size_t lane, std::list<Entry>::iterator entry) {
  Entry pulled = std::move(*entry);
  lanes_[lane].entries.erase(entry);
  --waiting_;
  metrics_.waiting.Sub(1);
  if (pulled.channel) return pulled;
  --client_events_;
  client_bytes_ -= pulled.json.size();
  if (pulled.user.empty()) return pulled;
  const auto of_user = of_user_.find(pulled.user);
  if (--of_user->second == 0) of_user_.erase(of_user);
  return pulled;
}

Batch EventQueue::Take(std::size_t index) {
  Lane& lane = lanes_[index];
  Batch batch{.lane = index};
  std::size_t bytes = 0;
  while (!lane.entries.empty() && batch.items.size() < limits_.batch_max && bytes < limits_.batch_bytes_max) {
    Entry entry = Pull(index, lane.entries.begin());
    BatchItem item{.type = entry.type, .json = std::move(entry.json)};
    if (Channel* const channel = entry.channel) {
      channel->entry.reset();
      channel->is_sending = true;
      channel->will_be_told = channel->is_occupied;
      lane.sending.push_back(channel);
      item.type = channel->is_occupied ? EventType::kOccupied : EventType::kVacated;
      item.channel = *channel->name;
      item.at = channel->since;
      item.json = JsonOf(item.type, item.channel, item.at);
    }
    bytes += item.json.size();
    batch.items.push_back(std::move(item));
  }
  if (batch.items.empty()) return batch;
  ++in_flight_;
  batch.id = fmt::format("{}-{}-{}", id_, index, ++lane.taken);
  return batch;
}

void EventQueue::Delivered(const Batch& batch) {
  --in_flight_;
  for (Channel* const channel : std::exchange(lanes_[batch.lane].sending, {})) {
    channel->is_sending = false;
    channel->is_told = channel->will_be_told;
    Settle(*channel);
  }
}

void EventQueue::TellAgain() {
  auto at = channels_.lower_bound(*forgetting_from_);
  for (std::size_t i = 0; i < kSomeMax && at != channels_.end(); ++i) {
    Channel& channel = (at++)->second;
    channel.is_told = false;
    channel.will_be_told = false;  // of a batch under way: perhaps it came before what is forgotten
    Settle(channel);
  }
  if (at == channels_.end()) {
    forgetting_from_.reset();
  } else {
    forgetting_from_ = at->first;
  }
}

void EventQueue::Lose(Loss loss, MonotonicTime now) {
  metrics_.lost[static_cast<std::size_t>(loss)]->Add();
  if (const auto suppressed = losses_.Count(now)) {
    log::Warn("events.lost",
              {{"limit", kLimits[static_cast<std::size_t>(loss)]}, {"suppressed", *suppressed}});
  }
}

}  // namespace tidemill::events
