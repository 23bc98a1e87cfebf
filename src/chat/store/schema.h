// ChatSchema: the tables of chat. Values; any thread.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::chat {

// docs/formats/chat-tables.md describes it for administrators.
sql::Schema ChatSchema();

}  // namespace tidemill::chat
