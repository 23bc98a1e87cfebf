// OutboxSchema: the tables of the outbox, and in Postgres its functions. Values; any thread.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::outbox {

// docs/formats/outbox-tables.md describes it for administrators.
sql::Schema OutboxSchema();

}  // namespace tidemill::outbox
