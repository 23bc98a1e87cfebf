// The methods of the HTTP API that concern channels, the connections of users, and the nodes.
//
// Compatible with Centrifugo's API. One list per loop; the services must outlive it and the calls it gives.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/access/access_list.h"
#include "realtime/access/store.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/broker/publisher.h"
#include "realtime/control/directory.h"
#include "realtime/status/store.h"

namespace tidemill::methods {

struct Services {
  broker::Publisher& publisher;
  broker::MapPublisher& maps;
  control::Directory& directory;
  access::AccessList& access;
  access::Store* access_store = nullptr;  // null: decisions about access are kept nowhere
  status::Store* user_status = nullptr;   // null: user_status.enabled is false
};

std::vector<api::Method> RealtimeMethods(Services& services);

}  // namespace tidemill::methods
