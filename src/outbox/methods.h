// The methods of the HTTP API that concern the outbox. One list for each loop; the services must outlive it
// and the calls it gives.
#pragma once

#include <vector>

#include "api/method.h"
#include "net/loop.h"
#include "outbox/relay.h"
#include "outbox/store.h"

namespace tidemill::outbox {

struct ApiServices {
  net::Loop& loop;  // that the calls run on
  Store& store;     // of that loop
  net::Loop& relay_loop;
  Relay& relay;  // of that one
};

std::vector<api::Method> OutboxMethods(ApiServices& services);

}  // namespace tidemill::outbox
