#include "realtime/methods/methods.h"

#include <iterator>
#include <utility>

#include "realtime/methods/access.h"
#include "realtime/methods/connection_list.h"
#include "realtime/methods/connections.h"
#include "realtime/methods/history.h"
#include "realtime/methods/maps.h"
#include "realtime/methods/nodes.h"
#include "realtime/methods/presence.h"
#include "realtime/methods/publish.h"
#include "realtime/methods/rpc.h"
#include "realtime/methods/subscriptions.h"
#include "realtime/methods/user_status.h"

namespace tidemill::methods {

std::vector<api::Method> RealtimeMethods(Services& services) {
  std::vector<api::Method> methods;
  for (auto* const list :
       {&PublishMethods, &SubscriptionMethods, &ConnectionMethods, &ConnectionListMethods, &AccessMethods,
        &PresenceMethods, &HistoryMethods, &MapMethods, &NodeMethods, &RpcMethods, &UserStatusMethods}) {
    std::ranges::move(list(services), std::back_inserter(methods));
  }
  return methods;
}

}  // namespace tidemill::methods
