#include "realtime/session/channel_subscription.h"

#include "realtime/session/track_keys.h"

namespace tidemill::session {

SubscriptionExtra::SubscriptionExtra() = default;
SubscriptionExtra::~SubscriptionExtra() = default;

}  // namespace tidemill::session
