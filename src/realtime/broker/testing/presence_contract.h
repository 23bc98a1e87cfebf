// The contract of PresenceStore, as tests; instantiated like BrokerContract.
#pragma once

#include <gtest/gtest.h>

#include "realtime/broker/testing/broker_fixture.h"

namespace tidemill::broker::testing {

class PresenceContract : public ::testing::TestWithParam<BackendParam> {
 public:
  static std::string Name(const ::testing::TestParamInfo<BackendParam>& info);

 protected:
  PresenceContract();
  ~PresenceContract() override;

  std::size_t last() const { return fixture_.size() - 1; }
  Result<void> Add(std::size_t loop, std::string channel, ClientInfo info);
  Result<void> Remove(std::size_t loop, std::string channel, std::string client);
  std::vector<ClientInfo> Get(std::size_t loop, std::string channel);  // by client
  PresenceStats Stats(std::size_t loop, std::string channel);

  BrokerFixture fixture_;
};

}  // namespace tidemill::broker::testing
