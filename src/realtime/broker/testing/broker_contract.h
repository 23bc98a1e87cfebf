// The contract of Broker, as tests. An implementation's test file says
//
//   INSTANTIATE_TEST_SUITE_P(Memory, BrokerContract, ::testing::ValuesIn(params), BrokerContract::Name);
//
// and the same for BrokerStress and OccupancyContract. It does so for a suite that asks for a capability,
// BrokerInLineContract or BrokerExpiryContract, only if the implementation has it.
#pragma once

#include <string>

#include "realtime/broker/testing/backend_suite.h"

namespace tidemill::broker::testing {

class BrokerContract : public BackendSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

// The part of the contract for a broker whose events come before the answer of their publish.
class BrokerInLineContract : public BackendSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::broker::testing
