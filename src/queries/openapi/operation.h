// WriteOperation: one endpoint as an operation of OpenAPI, and its row as a schema. Functions; any thread.
#pragma once

#include "base/json.h"
#include "queries/catalog/endpoint.h"

namespace tidemill::queries {

// The operation's object. It refers to components/schemas/ApiError and components/responses/Error.
void WriteOperation(const Endpoint& endpoint, JsonWriter& json);

// The member of components/schemas that the operation refers to: "get_orders_row". Nothing where an answer is
// no row.
void WriteRowSchema(const Endpoint& endpoint, JsonWriter& json);

}  // namespace tidemill::queries
