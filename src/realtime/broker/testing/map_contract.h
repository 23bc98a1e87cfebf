// The contract of MapBroker, as tests; used as broker_contract.h says.
#pragma once

#include <string>

#include "realtime/broker/testing/backend_suite.h"

namespace tidemill::broker::testing {

class MapContract : public BackendSuite {
 public:
  static std::string Name(const ParamInfo& info);

 protected:
  static MapSettings Recoverable(Duration key_ttl = Seconds(60));
  static MapSettings Ephemeral(Duration key_ttl = Seconds(60));
  static MapSettings Ordered();

  Result<MapOutcome> Put(std::string channel, std::string key, std::string data, MapPublishOptions options);
  Result<MapOutcome> PutScore(std::string key, std::int64_t score);  // in the ordered channel "a"
  Result<MapOutcome> Remove(std::string channel, std::string key, MapSettings map,
                            std::string idempotency_key = "");
  Result<MapPage> Read(std::string channel, MapStateQuery query, MapSettings map);
  Result<MapStats> Stats(std::string channel);
  Result<void> Clear(std::string channel);
  // "k=data@offset", of the whole state in one page.
  std::vector<std::string> State(std::string channel, MapSettings map);
  // The keys, page by page of `limit`: "k1 k2 | k3".
  std::string Pages(std::uint32_t limit, MapSettings map, bool ascending = false);
};

// What happens as time passes.
class MapExpiryContract : public MapContract {};

}  // namespace tidemill::broker::testing
