// The schemas of the modules of this program that have tables: the one list.
#pragma once

#include <vector>

#include "sql/schema/schema.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

std::vector<sql::Schema> Schemas();
// Of the modules that these settings switch on: a server without them needs no right to make their tables.
std::vector<sql::Schema> SchemasInUse(const settings::Settings& settings);

}  // namespace tidemill::server
