// For databases with roles. The tests run as a superuser. See database_contract.h.
#pragma once

#include <string>

#include "sql/testing/database_suite.h"

namespace tidemill::sql::testing {

class RolesContract : public DatabaseSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::sql::testing
