// The part of Broker's contract about time, as tests: for a broker whose store follows the clock of its
// loops. Instantiated like BrokerContract.
#pragma once

#include <string>

#include "realtime/broker/testing/backend_suite.h"

namespace tidemill::broker::testing {

class BrokerExpiryContract : public BackendSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::broker::testing
