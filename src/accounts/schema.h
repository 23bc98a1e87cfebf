// AccountsSchema: the tables of people who log in. Values; any thread.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::accounts {

// docs/formats/accounts-tables.md describes it for administrators.
sql::Schema AccountsSchema();

}  // namespace tidemill::accounts
