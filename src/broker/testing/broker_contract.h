// The contract of Broker, as tests. An implementation's test file says
//
//   INSTANTIATE_TEST_SUITE_P(Memory, BrokerContract, ::testing::ValuesIn(params), ParamName);
//   INSTANTIATE_TEST_SUITE_P(Memory, BrokerStress, ::testing::ValuesIn(params), ParamName);
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "broker/testing/broker_fixture.h"

namespace tidemill::broker::testing {

class BrokerContract : public ::testing::TestWithParam<BackendParam> {
 protected:
  BrokerContract();
  ~BrokerContract() override;

  std::size_t last() const { return fixture_.size() - 1; }

  BrokerFixture fixture_;
};

// Many publishers and subscribers that come and go, on all loops at once.
class BrokerStress : public ::testing::TestWithParam<BackendParam> {
 protected:
  BrokerStress();
  ~BrokerStress() override;

  BrokerFixture fixture_;
};

inline std::string ParamName(const ::testing::TestParamInfo<BackendParam>& info) { return info.param.name; }

}  // namespace tidemill::broker::testing
