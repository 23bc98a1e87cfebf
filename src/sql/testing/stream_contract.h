// Rows a piece at a time, in the memory of a piece. See database_contract.h.
#pragma once

#include <string>

#include "sql/testing/database_suite.h"

namespace tidemill::sql::testing {

class StreamContract : public DatabaseSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::sql::testing
