// What both lanes of a database are told. Values.
#pragma once

#include <cstddef>

#include "base/clock.h"
#include "postgres/connection/session.h"
#include "postgres/lanes/wait_queue.h"

namespace tidemill::postgres {

struct LaneOptions {
  SessionOptions session;
  WaitLimits wait;
  std::size_t connections = 2;      // shared: always; exclusive: at most
  std::size_t in_flight_max = 256;  // segments on one shared connection
  Duration idle_max = Minutes(10);
  Duration lifetime_max = Hours(1);
  Duration reconnect_delay_min = Milliseconds(50);
  Duration reconnect_delay_max = Seconds(2);
};

}  // namespace tidemill::postgres
