// The types that every PostgreSQL has, by their OIDs. Any thread.
#pragma once

#include <cstdint>
#include <memory>

#include "sql/type.h"

namespace tidemill::postgres {

// Null: it is none of them, or one that is seldom used and must be looked up.
std::shared_ptr<const sql::Type> BuiltInType(std::uint32_t oid);

}  // namespace tidemill::postgres
