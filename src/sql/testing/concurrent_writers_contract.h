// For databases in which transactions write beside each other: conflicts, deadlocks, locks. See
// database_contract.h.
#pragma once

#include <string>

#include "sql/testing/database_suite.h"

namespace tidemill::sql::testing {

class ConcurrentWritersContract : public DatabaseSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::sql::testing
