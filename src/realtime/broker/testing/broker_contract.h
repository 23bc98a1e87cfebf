// The contract of Broker, as tests. An implementation's test file says
//
//   INSTANTIATE_TEST_SUITE_P(Memory, BrokerContract, ::testing::ValuesIn(params), BrokerContract::Name);
//   INSTANTIATE_TEST_SUITE_P(Memory, BrokerStress, ::testing::ValuesIn(params), BrokerStress::Name);
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "realtime/broker/testing/broker_fixture.h"

namespace tidemill::broker::testing {

class BrokerContract : public ::testing::TestWithParam<BackendParam> {
 public:
  // Defined beside the tests: naming it makes the linker take them from their library.
  static std::string Name(const ::testing::TestParamInfo<BackendParam>& info);

 protected:
  BrokerContract();
  ~BrokerContract() override;

  std::size_t last() const { return fixture_.size() - 1; }

  BrokerFixture fixture_;
};

// Many publishers and subscribers that come and go, on all loops at once.
class BrokerStress : public ::testing::TestWithParam<BackendParam> {
 public:
  static std::string Name(const ::testing::TestParamInfo<BackendParam>& info);

 protected:
  BrokerStress();
  ~BrokerStress() override;

  BrokerFixture fixture_;
};

}  // namespace tidemill::broker::testing
