#include "realtime/hub/fan_out.h"

#include <algorithm>
#include <span>
#include <utility>

#include "realtime/hub/form_group.h"

namespace tidemill::hub {
namespace {

constexpr std::size_t kRangesMax = 64;
constexpr std::size_t kListedPerLook = 256;  // about 10 µs

}  // namespace

void FanOut::BeginFlush(FormGroup& group) {
  group.BeginFlush();
  const std::size_t subscribers = group.subscriptions.size();
  metrics_.frames_sent.Add(subscribers * group.log.frames());
  metrics_.bytes_sent.Add(subscribers * (group.log.flush_end() - group.log.begin()));
}

void FanOut::SendAtOnce(FormGroup& group) {
  BeginFlush(group);
  SendGroup(group, nullptr);
}

void FanOut::Begin(std::vector<FormGroup*>& groups) {
  groups_.swap(groups);
  for (FormGroup* const group : groups_) {
    group->in_fan_out = true;
    BeginFlush(*group);
  }
}

bool FanOut::Continue(net::TurnSlice& slice) {
  if (groups_.size() == 1) return SendGroup(*groups_.front(), &slice);
  return ListOutboxes(slice) && SendToOutboxes(slice);
}

void FanOut::End() {
  groups_.clear();
  outboxes_.clear();
  listed_ = sent_ = 0;
}

bool FanOut::SendGroup(FormGroup& group, net::TurnSlice* slice) {
  iovec ranges[kRangesMax];
  const std::size_t count =
      Ranges(group.log.CursorAt(group.log.begin()), group.log.flush_end(), ranges, kRangesMax);
  const std::span<Subscription* const> subscriptions = group.subscriptions;
  for (std::uint32_t i = group.reached; i < subscriptions.size(); ++i) {
    // The subscription, its outbox and its stream are rarely in the cache: they are far apart in memory.
    if (i + 8 < subscriptions.size()) __builtin_prefetch(subscriptions[i + 8]);
    if (i + 4 < subscriptions.size()) subscriptions[i + 4]->outbox->Prefetch();
    subscriptions[i]->outbox->SendOnly(*subscriptions[i], std::span(ranges, count));
    if (slice != nullptr && slice->IsOver()) {
      group.reached = i + 1;
      return group.reached == subscriptions.size();
    }
  }
  return true;
}

bool FanOut::ListOutboxes(const net::TurnSlice& slice) {
  std::size_t listed = 0;
  for (; listed_ < groups_.size(); ++listed_) {
    FormGroup& group = *groups_[listed_];
    while (group.reached < group.subscriptions.size()) {
      Subscription& subscription = *group.subscriptions[group.reached++];
      Outbox& outbox = *subscription.outbox;
      if (!std::exchange(outbox.listed_, true)) outboxes_.push_back(&outbox);
      outbox.AddPending(subscription);
      if (++listed % kListedPerLook == 0 && slice.IsOverNow()) return false;
    }
  }
  return true;
}

bool FanOut::SendToOutboxes(net::TurnSlice& slice) {
  while (sent_ < outboxes_.size()) {
    Outbox* const outbox = outboxes_[sent_++];
    if (outbox == nullptr) continue;
    outbox->listed_ = false;
    outbox->SendPending();
    if (slice.IsOver()) return sent_ == outboxes_.size();
  }
  return true;
}

void FanOut::Forget(Outbox& outbox) {
  if (!outbox.listed_ || outbox.pending_ != nullptr) return;
  outbox.listed_ = false;
  const auto first = outboxes_.begin() + static_cast<std::ptrdiff_t>(sent_);
  std::replace(first, outboxes_.end(), &outbox, static_cast<Outbox*>(nullptr));
}

}  // namespace tidemill::hub
