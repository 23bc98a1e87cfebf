// Parameters of every kind, there and back. See database_contract.h.
#pragma once

#include <string>

#include "sql/testing/database_suite.h"

namespace tidemill::sql::testing {

class ValueContract : public DatabaseSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::sql::testing
