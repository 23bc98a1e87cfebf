// PostgreSQL's Describer: describer.h. Tables are found through a function that is made of the statement in a
// transaction that is rolled back.
#pragma once

#include <memory>

#include "queries/catalog/describer.h"

namespace tidemill::queries {

// `database` outlives it.
std::unique_ptr<Describer> MakePostgresDescriber(sql::Database& database);

}  // namespace tidemill::queries
