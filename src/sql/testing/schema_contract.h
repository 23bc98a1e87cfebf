// What ApplySchemas does, on every database. See database_contract.h.
#pragma once

#include <string>
#include <vector>

#include "sql/schema/apply_schema.h"
#include "sql/testing/database_suite.h"

namespace tidemill::sql::testing {

class SchemaContract : public DatabaseSuite {
 public:
  static std::string Name(const ParamInfo& info);

 protected:
  tidemill::Result<std::vector<AppliedNow>> Apply(const std::vector<Schema>& schemas);
  std::vector<AppliedVersion> Applied();
  // A table as the statements of a version see it.
  std::string Table(const std::string& name);

  SchemaOptions options_{.postgres_schema = "store \"1\"", .applied_by = "1.2.3"};
};

// For databases in which another may hold the lock while we run: ConcurrentWritersContract's.
class SchemaLockContract : public SchemaContract {
 public:
  static std::string Name(const ParamInfo& info);
};

}  // namespace tidemill::sql::testing
