// A query on a session that has nothing else to do, for whoever opens or inspects it: one row of text is all
// that comes back.
//
// Loop thread only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/task.h"
#include "postgres/opening/conversation.h"
#include "sql/failure.h"

namespace tidemill::postgres {

// The fields of the first row, "" for NULL; 1 KiB together at most. `conversation` outlives the task.
Task<sql::Result<std::vector<std::string>>> AskForRow(Conversation& conversation, std::string query);

}  // namespace tidemill::postgres
