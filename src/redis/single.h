// Client and Subscriber over one Redis: a server at a fixed address, or the primary that Sentinel names.
#pragma once

#include <memory>

#include "net/loop.h"
#include "redis/client.h"
#include "redis/connection/link.h"
#include "redis/connection/subscriber_link.h"

namespace tidemill::redis {

// Both begin to connect at once. `metrics` and `events` must outlive them.
std::unique_ptr<Client> MakeSingleClient(net::Loop& loop, std::unique_ptr<Locator> locator,
                                         LinkOptions options, Metrics& metrics);
std::unique_ptr<Subscriber> MakeSingleSubscriber(net::Loop& loop, std::unique_ptr<Locator> locator,
                                                 ConnectionOptions options, SubscriberEvents& events,
                                                 Metrics& metrics);

}  // namespace tidemill::redis
