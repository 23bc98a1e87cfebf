#include "queries/openapi/openapi.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/ascii.h"
#include "base/json.h"
#include "queries/openapi/dashboards.h"
#include "queries/openapi/operation.h"

namespace tidemill::queries {
namespace {

constexpr std::string_view kSecuritySchemes = R"json({
  "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
})json";

constexpr std::string_view kResponses = R"json({
  "Error": {
    "description": "It failed",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ApiError"}}}
  }
})json";

constexpr std::string_view kError = R"json({
  "type": "object",
  "properties": {
    "code": {"type": "string", "description": "SQLSTATE, SQLite's name, or TM and a number"},
    "message": {"type": "string"},
    "details": {"type": ["string", "null"]},
    "hint": {"type": ["string", "null"]},
    "errors": {
      "type": "array",
      "description": "Each field that is wrong",
      "items": {
        "type": "object",
        "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
        "required": ["field", "problem"]
      }
    }
  },
  "required": ["code", "message", "details", "hint"],
  "examples": [
    {"code": "TM100", "message": "id: must be an integer, and is \"abc\"", "details": null, "hint": null}
  ]
})json";

std::vector<const Endpoint*> InOrder(const Catalog& catalog) {
  std::vector<const Endpoint*> all;
  for (const auto& endpoint : catalog.endpoints) all.push_back(endpoint.get());
  std::ranges::sort(all, {}, [](const Endpoint* endpoint) {
    return std::make_tuple(endpoint->query->route.Path(), endpoint->query->route.method);
  });
  return all;
}

// By what all of its endpoints are.
std::string VersionOf(const std::vector<const Endpoint*>& endpoints) {
  std::string all;
  for (const Endpoint* const endpoint : endpoints) {
    all += endpoint->operation_id + " " + endpoint->version + "\n";
  }
  return files::Sha256(all).substr(0, 12);
}

void WriteInfo(const std::vector<const Endpoint*>& endpoints, const OpenApiOptions& options,
               JsonWriter& json) {
  json.Member("openapi", "3.1.0");
  json.Key("info");
  json.BeginObject();
  json.Member("title", "SQL API");
  json.Member("version", VersionOf(endpoints));
  json.EndObject();
  json.Key("servers");
  json.BeginArray();
  json.BeginObject();
  json.Member("url", options.prefix.empty() ? "/" : std::string_view(options.prefix));
  json.EndObject();
  json.EndArray();
}

void WritePaths(const std::vector<const Endpoint*>& endpoints, JsonWriter& json) {
  json.Key("paths");
  json.BeginObject();
  const auto has_charts = [](const Endpoint* each) { return !each->query->charts.empty(); };
  if (std::ranges::any_of(endpoints, has_charts)) WriteDashboardsPath(json);
  std::string open;
  for (const Endpoint* const endpoint : endpoints) {
    const files::Route& route = endpoint->query->route;
    const std::string path = route.Path();
    if (path != open) {
      if (!open.empty()) json.EndObject();
      json.DynamicKey(path);
      json.BeginObject();
      open = path;
    }
    json.DynamicKey(ToLower(Name(route.method)));
    WriteOperation(*endpoint, json);
  }
  if (!open.empty()) json.EndObject();
  json.EndObject();
}

void WriteComponents(const std::vector<const Endpoint*>& endpoints, JsonWriter& json) {
  json.Key("components");
  json.BeginObject();
  json.Key("securitySchemes");
  json.RawOnOneLine(kSecuritySchemes);
  json.Key("responses");
  json.RawOnOneLine(kResponses);
  json.Key("schemas");
  json.BeginObject();
  json.Key("ApiError");  // "Error" would hide JavaScript's own
  json.RawOnOneLine(kError);
  for (const Endpoint* const endpoint : endpoints) WriteRowSchema(*endpoint, json);
  json.EndObject();
  json.EndObject();
}

void WriteBroken(const Catalog& catalog, JsonWriter& json) {
  json.Key("x-broken");
  json.BeginArray();
  for (const BrokenEndpoint& broken : catalog.broken) {
    json.BeginObject();
    json.Member("method", Name(broken.route.method));
    json.Member("path", broken.route.Path());
    json.Member("file", broken.path);
    json.Member("reason", broken.reason);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace

std::string OpenApiDocument(const Catalog& catalog, const OpenApiOptions& options) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  const std::vector<const Endpoint*> endpoints = InOrder(catalog);
  WriteInfo(endpoints, options, json);
  WritePaths(endpoints, json);
  WriteComponents(endpoints, json);
  if (options.broken == BrokenOnes::kWithReasons) WriteBroken(catalog, json);
  json.EndObject();
  return text;
}

}  // namespace tidemill::queries
