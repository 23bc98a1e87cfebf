// BrokerStress: publishers and subscribers that come and go on all loops at once. A contract suite like
// BrokerContract.
#pragma once

#include <string>

#include "realtime/broker/testing/backend_suite.h"

namespace tidemill::broker::testing {

class BrokerStress : public BackendSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::broker::testing
