// What to do about a PostgreSQL that does not let us in, for whoever looks for what is wrong. Any thread.
#pragma once

#include <string_view>

#include "sql/failure.h"

namespace tidemill::postgres {

// A sentence without its end; "" where the failure says it all.
std::string_view AdviceFor(const sql::Failure& failure);

}  // namespace tidemill::postgres
