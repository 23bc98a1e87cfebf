#include "server/schemas.h"

#include "queries/idempotency/schema.h"
#include "settings/settings.h"

namespace tidemill::server {

std::vector<sql::Schema> Schemas() { return {queries::IdempotencySchema()}; }

std::vector<sql::Schema> SchemasInUse(const settings::Settings& settings) {
  std::vector<sql::Schema> schemas;
  if (settings.queries.given()) schemas.push_back(queries::IdempotencySchema());
  return schemas;
}

}  // namespace tidemill::server
