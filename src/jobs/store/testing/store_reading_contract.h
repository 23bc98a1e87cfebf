// The contract of Store, second part: what is read back.
#pragma once

#include <string>

#include "jobs/store/testing/store_contract.h"

namespace tidemill::jobs::testing {

class StoreReadingContract : public StoreContract {
 public:
  static std::string Name(const ::testing::TestParamInfo<StoreParam>& info);
};

}  // namespace tidemill::jobs::testing
