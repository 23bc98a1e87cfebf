#include "queries/openapi/dashboards.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "queries/files/chart.h"
#include "queries/openapi/type_schema.h"

namespace tidemill::queries {
namespace {

using files::ParameterSource;
using sql::Kind;

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// What a page makes of the values of a column.
std::string_view KindOf(const sql::Type& type) {
  switch (type.kind) {
    case Kind::kBoolean: return "boolean";
    case Kind::kInteger:
    case Kind::kFloat:
    case Kind::kNumeric: return "number";
    case Kind::kDate: return "date";
    case Kind::kTimestamp: return "timestamp";
    case Kind::kTimestampTz: return "timestamptz";
    case Kind::kText: return type.name.empty() ? "any" : "text";
    case Kind::kUuid:
    case Kind::kEnum: return "text";
    default: return "any";
  }
}

void WriteNames(JsonName key, const std::vector<std::string>& names, JsonWriter& json) {
  json.Key(key);
  json.BeginArray();
  for (const std::string& each : names) json.String(each);
  json.EndArray();
}

void WriteChart(const files::Chart& chart, JsonWriter& json) {
  json.BeginObject();
  json.Member("kind", Name(chart.kind));
  if (!chart.x.empty()) json.Member("x", chart.x);
  if (!chart.y.empty()) WriteNames("y", chart.y, json);
  if (!chart.series.empty()) json.Member("series", chart.series);
  if (!chart.before.empty()) json.Member("before", chart.before);
  if (!chart.columns.empty()) WriteNames("columns", chart.columns, json);
  if (!chart.title.empty()) json.Member("title", chart.title);
  if (!chart.unit.empty()) json.Member("unit", chart.unit);
  json.EndObject();
}

// Those that a request sets; claims come with the caller.
void WriteParameters(const Endpoint& endpoint, JsonWriter& json) {
  const files::Query& query = *endpoint.query;
  json.Key("parameters");
  json.BeginArray();
  for (std::size_t i = 0; i < query.parameters.size(); ++i) {
    const files::Parameter& parameter = query.parameters[i];
    if (parameter.source != ParameterSource::kPath && parameter.source != ParameterSource::kQuery) continue;
    const bool in_path = parameter.source == ParameterSource::kPath;
    json.BeginObject();
    json.Member("name", parameter.name);
    json.Member("in", in_path ? "path" : "query");
    json.Member("required", in_path || parameter.required);
    if (!parameter.doc.empty()) json.Member("description", parameter.doc);
    if (parameter.default_value && parameter.default_value->kind != files::DefaultValue::Kind::kNull) {
      json.Member("default", parameter.default_value->text);
    }
    json.Member("kind", KindOf(*endpoint.parameters[i].type));
    json.Key("schema");
    json.BeginObject();
    WriteTypeSchema(*endpoint.parameters[i].type, Nullable::kNo, json);
    json.EndObject();
    json.EndObject();
  }
  json.EndArray();
}

void WriteColumns(const Endpoint& endpoint, JsonWriter& json) {
  json.Key("columns");
  json.BeginArray();
  for (const EndpointColumn& each : endpoint.columns) {
    json.BeginObject();
    json.Member("name", each.name);
    json.Member("kind", KindOf(*each.type));
    json.Member("type", each.type->name);
    if (!each.doc.empty()) json.Member("description", each.doc);
    json.EndObject();
  }
  json.EndArray();
}

std::string_view ShapeOf(files::RowsShape rows) {
  if (rows == files::RowsShape::kOne) return "one";
  return rows == files::RowsShape::kValue ? "value" : "many";
}

std::string PanelJson(const Endpoint& endpoint) {
  const files::Query& query = *endpoint.query;
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("id", endpoint.operation_id);
  json.Member("path", query.route.Path());
  json.Member("file", endpoint.file->path);
  if (!query.summary.empty()) json.Member("summary", query.summary);
  if (!query.description.empty()) json.Member("description", query.description);
  json.Member("rows", ShapeOf(query.rows));
  json.Member("live", query.live.has_value());
  json.Member("everybody", !query.auth.required);
  WriteParameters(endpoint, json);
  WriteColumns(endpoint, json);
  json.Key("charts");
  json.BeginArray();
  for (const files::Chart& chart : query.charts) WriteChart(chart, json);
  json.EndArray();
  json.EndObject();
  return text;
}

std::string BrokenJson(const std::vector<BrokenEndpoint>& broken) {
  constexpr std::size_t kMax = 20;
  std::string text;
  JsonWriter json(text);
  json.BeginArray();
  for (std::size_t i = 0; i < std::min(broken.size(), kMax); ++i) {
    json.BeginObject();
    json.Member("file", broken[i].path);
    json.Member("reason", broken[i].reason);
    json.EndObject();
  }
  json.EndArray();
  return text;
}

constexpr std::string_view kPath = R"json({
  "get": {
    "operationId": "dashboards",
    "tags": ["dashboards"],
    "summary": "The dashboards that this caller may see",
    "description": "One for each folder of files with @chart: their queries, parameters, columns and charts.",
    "security": [{}, {"bearer": []}],
    "responses": {
      "200": {
        "description": "The dashboards",
        "content": {"application/json": {"schema": {
          "type": "object",
          "properties": {
            "database": {"type": "string", "enum": ["postgresql", "sqlite"]},
            "user": {"type": "string"},
            "dashboards": {"type": "array", "items": {
              "type": "object",
              "properties": {
                "folder": {"type": "string"},
                "queries": {"type": "array", "items": {"type": "object"}}
              },
              "required": ["folder", "queries"]
            }},
            "broken": {"type": "array", "items": {"type": "object"}}
          },
          "required": ["database", "user", "dashboards", "broken"]
        }}}
      },
      "default": {"$ref": "#/components/responses/Error"}
    }
  }
})json";

}  // namespace

Dashboards::Dashboards(const std::vector<std::shared_ptr<const Endpoint>>& endpoints,
                       const std::vector<BrokenEndpoint>& broken, sql::Dialect dialect)
    : dialect_(dialect), broken_(BrokenJson(broken)) {
  for (const auto& each : endpoints) {
    if (each->query->charts.empty()) continue;
    panels_.push_back(
        {.folder = FolderOf(each->file->path), .auth = AuthAt(each->query->auth), .json = PanelJson(*each)});
  }
  std::ranges::sort(panels_, {}, [](const Panel& each) { return std::tie(each.folder, each.place); });
}

std::size_t Dashboards::AuthAt(const files::Auth& auth) {
  const auto found = std::ranges::find(auths_, auth);
  const auto at = static_cast<std::size_t>(found - auths_.begin());
  if (found == auths_.end()) auths_.push_back(auth);
  return at;
}

std::string Dashboards::ToJson(std::string_view user,
                               const std::function<bool(const files::Auth&)>& may_call) const {
  std::vector<bool> admitted;
  for (const files::Auth& each : auths_) admitted.push_back(may_call(each));
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("database", dialect_ == sql::Dialect::kPostgres ? "postgresql" : "sqlite");
  json.Member("user", user);
  json.Key("dashboards");
  json.BeginArray();
  const std::string* open = nullptr;
  for (const Panel& panel : panels_) {
    if (!admitted[panel.auth]) continue;
    if (open == nullptr || *open != panel.folder) {
      if (open != nullptr) {
        json.EndArray();
        json.EndObject();
      }
      json.BeginObject();
      json.Member("folder", panel.folder);
      json.Key("queries");
      json.BeginArray();
      open = &panel.folder;
    }
    json.Raw(panel.json);
  }
  if (open != nullptr) {
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.RawMember("broken", broken_);
  json.EndObject();
  return text;
}

void WriteDashboardsPath(JsonWriter& json) {
  json.DynamicKey("/dashboards.json");
  json.RawOnOneLine(kPath);
}

}  // namespace tidemill::queries
