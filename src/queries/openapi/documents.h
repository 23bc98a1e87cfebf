// AddDocuments: what programs and people read of a catalog, as routes: PREFIX/openapi.json, and the page that
// shows it at PREFIX and PREFIX/. Everybody may read them. Any thread.
#pragma once

#include <string>

#include "http/router.h"
#include "queries/catalog/catalog.h"
#include "queries/openapi/openapi.h"

namespace tidemill::queries {

// The document is made now: of a large catalog it takes milliseconds.
void AddDocuments(const Catalog& catalog, const OpenApiOptions& options, http::Router& router);

}  // namespace tidemill::queries
