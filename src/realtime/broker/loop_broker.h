// What one loop uses of a broker, whichever it is.
#pragma once

#include <memory>

#include "realtime/broker/broker.h"
#include "realtime/broker/map_broker.h"
#include "realtime/broker/presence.h"

namespace tidemill::broker {

struct LoopBroker {
  std::unique_ptr<Broker> broker;
  std::unique_ptr<PresenceStore> presence;
  std::unique_ptr<MapBroker> maps;
};

}  // namespace tidemill::broker
