// For databases with settings of a transaction (sql::Call::settings) and with roles. The tests run as a
// superuser. See database_contract.h.
#pragma once

#include <memory>
#include <string>

#include "sql/testing/database_suite.h"

namespace tidemill::sql::testing {

class SettingsContract : public DatabaseSuite {
 public:
  static std::string Name(const ParamInfo& info);

 protected:
  // Says as whom it runs, and what is set.
  Call Show(Access access = Access::kRead);
  void ExpectSet(const Rows& rows);
  void ExpectNothingLeft();
};

}  // namespace tidemill::sql::testing
