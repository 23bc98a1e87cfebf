// The tables of live queries in PostgreSQL: what triggers note for whoever follows. In SQLite there are none.
#pragma once

#include "sql/schema/schema.h"

namespace tidemill::queries::live {

sql::Schema LiveSchema();

}  // namespace tidemill::queries::live
