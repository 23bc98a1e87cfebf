#include "realtime/hub/form_group.h"

namespace tidemill::hub {

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
