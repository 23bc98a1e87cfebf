// The table of the answers to writes that came with an Idempotency-Key. Values; any thread.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::queries {

sql::Schema IdempotencySchema();

}  // namespace tidemill::queries
