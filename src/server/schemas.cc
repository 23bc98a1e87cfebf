#include "server/schemas.h"

namespace tidemill::server {

std::vector<sql::Schema> Schemas() { return {}; }

}  // namespace tidemill::server
