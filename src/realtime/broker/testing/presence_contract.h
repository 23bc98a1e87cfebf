// The contract of PresenceStore, as tests; instantiated like BrokerContract.
#pragma once

#include "realtime/broker/testing/backend_suite.h"

namespace tidemill::broker::testing {

class PresenceContract : public BackendSuite {
 public:
  static std::string Name(const ParamInfo& info);

 protected:
  Result<void> Add(std::size_t loop, std::string channel, ClientInfo info);
  Result<void> Remove(std::size_t loop, std::string channel, std::string client);
  std::vector<ClientInfo> Get(std::size_t loop, std::string channel);  // by client
  PresenceStats Stats(std::size_t loop, std::string channel);
};

}  // namespace tidemill::broker::testing
