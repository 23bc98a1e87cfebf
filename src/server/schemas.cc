#include "server/schemas.h"

#include "queries/idempotency/schema.h"

namespace tidemill::server {

std::vector<sql::Schema> Schemas() { return {queries::IdempotencySchema()}; }

}  // namespace tidemill::server
