// Dashboards: the queries of a catalog that say how a page shows them (@chart), by folder, as JSON for the
// page at /dash/: PREFIX/dashboards.json. docs/formats/rest.md is the reference.
//
// Made once for a catalog, then asked for each caller. Immutable; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "queries/catalog/catalog.h"
#include "queries/catalog/endpoint.h"
#include "sql/database.h"

namespace tidemill::queries {

class Dashboards {
 public:
  // `endpoints` are those that are served; `broken` is told to whoever asks: empty, but for developers.
  Dashboards(const std::vector<std::shared_ptr<const Endpoint>>& endpoints,
             const std::vector<BrokenEndpoint>& broken, sql::Dialect dialect);

  bool empty() const { return panels_.empty(); }
  // Those that `may_call` lets in, which is asked once for each @auth that differs. `user` is the caller's.
  std::string ToJson(std::string_view user, const std::function<bool(const files::Auth&)>& may_call) const;

 private:
  struct Panel {
    std::string folder;
    std::size_t place = 0;  // among all
    std::size_t auth = 0;   // an index into auths_
    std::string json;
  };
  std::size_t AuthAt(const files::Auth& auth);

  const sql::Dialect dialect_;
  std::vector<files::Auth> auths_;
  std::vector<Panel> panels_;  // by folder, then path
  std::string broken_;         // a JSON array
};

// The path of dashboards.json in the OpenAPI document.
void WriteDashboardsPath(JsonWriter& json);

}  // namespace tidemill::queries
