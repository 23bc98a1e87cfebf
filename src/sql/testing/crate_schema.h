// CrateSchema: a module for tests of the schema's mechanism: three versions with everything that makes a
// script hard to cut into statements.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::sql::testing {

// `versions` of the three. The third leaves a function or a trigger that weighs what has no weight.
Schema CrateSchema(std::size_t versions = 3);

}  // namespace tidemill::sql::testing
