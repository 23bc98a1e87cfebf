#include "realtime/hub/form_group.h"

namespace tidemill::hub {

static_assert(sizeof(FormGroup) <= 136, "an idle connection with a channel of its own pays for one");

void FormGroup::Add(Subscription& subscription) {
  subscription.group = this;
  subscription.index = static_cast<std::uint32_t>(subscriptions.size());
  subscriptions.push_back(&subscription);
}

void FormGroup::BeginFlush() {
  dirty = false;
  log.BeginFlush();
  if (!awaits_deltas()) return;
  const FormGroup* const following = Following();
  last->flushed = last->position;
  last->follow_at = following ? following->log.end() : LastPublication::kNowhere;
}

FormGroup* FormGroup::Following() const {
  Form wanted = form;
  wanted.deltas = Deltas::kFollowed;
  return channel->second.Find(wanted);
}

// The last takes the place that becomes free, unless that is among those whom the fan-out has reached: then
// the last of these does, and the last of all takes its place.
void FormGroup::Remove(const Subscription& subscription) {
  std::size_t place = subscription.index;
  const auto fill_from = [&](std::size_t from) {
    if (from == place) return;
    subscriptions[place] = subscriptions[from];
    subscriptions[place]->index = static_cast<std::uint32_t>(place);
    place = from;
  };
  if (place < reached) fill_from(--reached);
  fill_from(subscriptions.size() - 1);
  subscriptions.pop_back();
}

}  // namespace tidemill::hub
