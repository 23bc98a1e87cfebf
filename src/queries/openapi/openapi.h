// OpenApiDocument: the endpoints of a Catalog as an OpenAPI 3.1 document.
//
// The same catalog gives the same bytes. Functions; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "queries/catalog/catalog.h"

namespace tidemill::queries {

// Whether endpoints that are broken are listed with what is wrong (in the member "x-broken"): for developers.
enum class BrokenOnes : std::uint8_t { kLeftOut, kWithReasons };

struct OpenApiOptions {
  std::string prefix = "/rest";  // that all paths begin with: the document's server
  BrokenOnes broken = BrokenOnes::kLeftOut;
};

std::string OpenApiDocument(const Catalog& catalog, const OpenApiOptions& options);

}  // namespace tidemill::queries
