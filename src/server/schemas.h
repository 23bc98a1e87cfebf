// The schemas of all modules of this program that have tables: the one list.
#pragma once

#include <vector>

#include "sql/schema/schema.h"

namespace tidemill::server {

std::vector<sql::Schema> Schemas();

}  // namespace tidemill::server
