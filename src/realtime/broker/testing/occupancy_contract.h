// The contract of OccupancyEvents, as tests; instantiated like BrokerContract.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "realtime/broker/testing/backend_suite.h"

namespace tidemill::broker::testing {

class OccupancyContract : public BackendSuite {
 public:
  static std::string Name(const ParamInfo& info);

 protected:
  std::size_t OwnerOf(const std::string& channel) const;
  // What the owners were told since the last call, by loop.
  using LinesByLoop = std::vector<std::vector<std::string>>;
  LinesByLoop Take();
  // What Take gives when only `channel`'s owner was told `lines`.
  LinesByLoop Only(const std::string& channel, std::vector<std::string> lines) const;
};

// Follows a loop's lines: the events of each channel must alternate, "occupied" first.
class OccupancyState {
 public:
  // A line that changes nothing is a fault.
  void Follow(const std::vector<std::string>& lines);

  std::set<std::string> occupied;
  std::vector<std::string> faults;
};

}  // namespace tidemill::broker::testing
