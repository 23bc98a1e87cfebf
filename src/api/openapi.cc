#include "api/openapi.h"

#include <map>

#include "api/batch.h"
#include "base/assert.h"
#include "base/json.h"

namespace tidemill::api {
namespace {

constexpr std::string_view kInfo = R"json({
  "title": "Tidemill server API",
  "version": "1",
  "description": "What a backend talks to. Errors come in the body with status 200; with the setting
http_api.error_mode = \"transport\" or the header X-Tidemill-Error-Mode: transport (X-Centrifugo-Error-Mode
is read as well) they come as the HTTP status with the error object as body. Fields that are zero or empty are
left out of results. A request that changes state is done to its end even when the connection breaks. With
accounts.enabled and console.enabled, people who have signed in may call methods too, from pages of this
server, one at a time: x-tidemill-role is the least role that a method needs (viewer, operator, admin; key:
a key only). What they change is in the audit log."
})json";

constexpr std::string_view kSecurity = R"([{"header":[]},{"authorization":[]},{"query":[]},{"session":[]}])";

constexpr std::string_view kSecuritySchemes = R"json({
  "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
  "authorization": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "apikey KEY"},
  "query": {"type": "apiKey", "in": "query", "name": "api_key"},
  "session": {
    "type": "apiKey",
    "in": "cookie",
    "name": "tidemill_session",
    "description": "Of a person who has signed in at /accounts/v1/login; not for batch."
  }
})json";

constexpr std::string_view kResponses = R"json({
  "Malformed": {
    "description": "The body is not the JSON that was expected, or (errors by status) codes 107 and 108."
  },
  "Unauthorized": {"description": "No key, or a wrong one."},
  "Error": {
    "description": "Errors by status: 404 for codes 102 and 104, 409 for 114, 416 for 112, 503 for 106
and 115, 500 for 100.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
  }
})json";

constexpr Schema kError{"Error", R"json({
  "type": "object",
  "properties": {
    "code": {
      "type": "integer",
      "description": "100 internal, 102 unknown channel, 104 no such method, 106 a limit was met and nothing
was kept, 107 bad request, 108 not available for the channel, 112 unrecoverable position, 114 already
exists, 115 not available now."
    },
    "message": {"type": "string"}
  },
  "required": ["code", "message"]
})json"};

constexpr std::string_view kBatchResponse = R"json({
  "type": "object",
  "properties": {
    "replies": {
      "type": "array",
      "items": {"type": "object", "description": "{method: result} or {\"error\": …}."}
    }
  }
})json";

// In a literal a line may break where a blank stands, even in a string: each becomes a blank.
void Put(JsonWriter& json, JsonName name, std::string_view literal) {
  json.Key(name);
  json.RawOnOneLine(literal);
}

struct Operation {
  std::string_view id;
  std::string_view summary;
  std::string_view details;
  std::string_view params;
  std::string_view response;   // the JSON Schema of the body with status 200
  std::string_view role = "";  // that people need; "": not told
};

// {"application/json":{"schema":…}}
void WriteContent(std::string_view schema, JsonWriter& json) {
  json.Key("content");
  json.BeginObject();
  json.Key("application/json");
  json.BeginObject();
  Put(json, "schema", schema);
  json.EndObject();
  json.EndObject();
}

void WriteOperation(const Operation& operation, JsonWriter& json) {
  json.DynamicKey("/" + std::string(operation.id));
  json.BeginObject();
  json.Key("post");
  json.BeginObject();
  json.Member("operationId", operation.id);
  json.Member("summary", operation.summary);
  if (!operation.details.empty()) json.Member("description", operation.details);
  if (!operation.role.empty()) json.Member("x-tidemill-role", operation.role);
  json.Key("requestBody");
  json.BeginObject();
  json.Member("required", true);
  WriteContent(operation.params, json);
  json.EndObject();
  json.Key("responses");
  json.BeginObject();
  json.Key("200");
  json.BeginObject();
  json.Member("description", "The result, or an error unless errors are told by the status.");
  WriteContent(operation.response, json);
  json.EndObject();
  Put(json, "400", R"({"$ref":"#/components/responses/Malformed"})");
  Put(json, "401", R"({"$ref":"#/components/responses/Unauthorized"})");
  Put(json, "default", R"({"$ref":"#/components/responses/Error"})");
  json.EndObject();
  json.EndObject();
  json.EndObject();
}

// "key": people may not call it.
std::string_view RoleOf(const Method& method) {
  if (!method.admission) return "";
  return method.admission->least ? Name(*method.admission->least) : "key";
}

void WriteMethod(const Method& method, JsonWriter& json) {
  const Description& description = method.description;
  const std::string response = R"({"type":"object","properties":{"result":)" +
                               std::string(description.result) +
                               R"(,"error":{"$ref":"#/components/schemas/Error"}}})";
  WriteOperation({.id = method.name.text,
                  .summary = description.summary,
                  .details = description.details,
                  .params = description.params,
                  .response = response,
                  .role = RoleOf(method)},
                 json);
}

std::string BatchParams(const std::vector<Method>& methods) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("type", "object");
  json.Key("properties");
  json.BeginObject();
  json.Key("commands");
  json.BeginObject();
  json.Member("type", "array");
  json.Member("maxItems", kBatchCommandsMax);
  json.Key("items");
  json.BeginObject();
  json.Member("type", "object");
  json.Member("description", "One member: the method with its parameters.");
  json.Member("minProperties", 1);
  json.Member("maxProperties", 1);
  json.Key("propertyNames");
  json.BeginObject();
  json.Key("enum");
  json.BeginArray();
  for (const Method& method : methods) json.String(method.name.text);
  json.EndArray();
  json.EndObject();
  json.EndObject();
  json.EndObject();
  Put(json, "parallel", R"json({
    "type": "boolean",
    "description": "Run them at once. Those of one channel still take effect in order."
  })json");
  json.EndObject();
  Put(json, "required", R"(["commands"])");
  json.EndObject();
  return params;
}

void WriteSchemas(const std::vector<Method>& methods, JsonWriter& json) {
  std::map<std::string_view, std::string_view> schemas = {{kError.name, kError.json}};
  for (const Method& method : methods) {
    for (const Schema& schema : method.description.schemas) {
      const auto [known, added] = schemas.emplace(schema.name, schema.json);
      TM_ASSERT(added || known->second == schema.json);  // one name, one meaning
    }
  }
  json.BeginObject();
  for (const auto& [name, schema] : schemas) {
    json.DynamicKey(name);
    json.RawOnOneLine(schema);
  }
  json.EndObject();
}

}  // namespace

std::string OpenApiDocument(const std::vector<Method>& methods, std::string_view root) {
  std::string document;
  JsonWriter json(document);
  json.BeginObject();
  json.Member("openapi", "3.1.0");
  Put(json, "info", kInfo);
  json.Key("servers");
  json.BeginArray();
  json.BeginObject();
  json.Member("url", root);
  json.EndObject();
  json.EndArray();
  Put(json, "security", kSecurity);
  json.Key("paths");
  json.BeginObject();
  for (const Method& method : methods) WriteMethod(method, json);
  WriteOperation({.id = "batch",
                  .summary = "Run many commands. One reply each, in their order; the result is not wrapped.",
                  .details = "",
                  .params = BatchParams(methods),
                  .response = kBatchResponse},
                 json);
  json.EndObject();
  json.Key("components");
  json.BeginObject();
  Put(json, "securitySchemes", kSecuritySchemes);
  Put(json, "responses", kResponses);
  json.Key("schemas");
  WriteSchemas(methods, json);
  json.EndObject();
  json.EndObject();
  return document;
}

}  // namespace tidemill::api
