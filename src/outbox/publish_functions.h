// PublishFunctions: of Postgres: publish puts an entry into the outbox, webhook a job into the inbox of the
// jobs, both in the caller's transaction. Values; any thread.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::outbox {

// Of version 1 of the schema, behind its tables. docs/guide/outbox.md says how they are called and who may.
sql::SchemaStatements PublishFunctions();

}  // namespace tidemill::outbox
