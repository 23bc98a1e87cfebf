// SubscriberLink: the Subscriber on one server: one connection, opened again whenever it is lost.
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/loop.h"
#include "redis/connection/locator.h"
#include "redis/metrics.h"
#include "redis/options.h"
#include "redis/subscriber.h"

namespace tidemill::redis {

enum class PubSub {
  kPlain,    // SUBSCRIBE, PUBLISH
  kSharded,  // SSUBSCRIBE, SPUBLISH: in a cluster, only the server of the channel's slot carries it
};

// A Subscriber with what a cluster needs of each of its connections.
class SubscriberLink : public Subscriber {
 public:
  virtual void Start() = 0;
  virtual void Reconnect(std::string why) = 0;
  // The server ended the subscription because its slot moved: `on_dropped` gets the channel, which is no
  // longer kept. Only with kSharded.
  virtual void SetOnDropped(std::function<void(const std::string& channel)> on_dropped) = 0;
};

// All must outlive it.
std::unique_ptr<SubscriberLink> MakeSubscriberLink(net::Loop& loop, Locator& locator,
                                                   ConnectionOptions options, PubSub mode,
                                                   SubscriberEvents& events, Metrics& metrics);

}  // namespace tidemill::redis
