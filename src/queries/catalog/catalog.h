// Catalog: all endpoints of a folder of .sql files as one database describes them, and what is wrong with the
// others. Immutable once made; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "queries/catalog/endpoint.h"
#include "queries/files/file_set.h"
#include "queries/files/route.h"

namespace tidemill::queries {

// A route that is there but cannot be served: it answers 503.
struct BrokenEndpoint {
  files::Route route;
  std::string path;    // of its file
  std::string reason;  // as a person reads it, with file:line and a caret
};

struct Catalog {
  std::shared_ptr<const files::FileSet> files;             // never null
  std::vector<std::shared_ptr<const Endpoint>> endpoints;  // by path, then method
  std::vector<BrokenEndpoint> broken;                      // likewise
  std::uint64_t number = 0;                                // of the catalogs of this process, from 1

  bool sound() const { return broken.empty() && files->problems.empty(); }
};

}  // namespace tidemill::queries
