// RunAll, Begin, Transact: all or nothing. See database_contract.h.
#pragma once

#include <string>

#include "sql/testing/database_suite.h"

namespace tidemill::sql::testing {

class TransactionContract : public DatabaseSuite {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::sql::testing
