// SQLite's Describer: describer.h. Tables are found in the program that SQLite makes of the statement.
#pragma once

#include <memory>

#include "queries/catalog/describer.h"

namespace tidemill::queries {

// `database` outlives it.
std::unique_ptr<Describer> MakeSqliteDescriber(sql::Database& database);

}  // namespace tidemill::queries
