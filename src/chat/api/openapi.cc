#include "chat/api/openapi.h"

#include <map>
#include <string_view>
#include <vector>

#include "base/ascii.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kInfo = R"json({
  "title": "Tidemill chat",
  "version": "1",
  "description": "Rooms, messages and what is done to them. Each operation is also an rpc of the realtime
connection: the method is chat: and its operationId, the data one object of its path, query and body members;
the error of an rpc has the HTTP status as its code and the error object, as JSON, as its message. Ids are
texts, times are milliseconds since 1970. A private room answers 404 to those who are not in it."
})json";

constexpr std::string_view kComponents = R"json({
  "securitySchemes": {
    "token": {"type": "http", "scheme": "bearer", "description": "A token as clients connect with."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key",
      "description": "Of a service, which acts as the user in X-Tidemill-User."},
    "session": {"type": "apiKey", "in": "cookie", "name": "tidemill_session"}
  },
  "schemas": {
    "Error": {"type": "object", "required": ["error"], "properties": {"error": {
      "type": "object", "required": ["code", "message"], "properties": {
        "code": {"type": "string", "description": "not_found, forbidden, invalid, conflict, too_long,
too_many, archived, muted, banned, slow_mode, rate_limited, unavailable, unauthenticated or internal"},
        "message": {"type": "string"},
        "field": {"type": "string"},
        "retry_after_ms": {"type": "integer"}}}}},
    "User": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"},
      "username": {"type": "string"}, "role": {"enum": ["owner", "admin", "member", "guest"]},
      "bot": {"type": "boolean"}, "status": {"type": ["object", "null"]}}},
    "Room": {"type": "object", "properties": {"id": {"type": "string"},
      "type": {"enum": ["channel", "broadcast", "direct", "group"]}, "private": {"type": "boolean"},
      "name": {"type": "string"}, "topic": {"type": "string"}, "last_seq": {"type": "integer"},
      "root_count": {"type": "integer"}, "version": {"type": "integer"}, "member_count": {"type": "integer"},
      "settings": {"type": "object"}, "last_message": {"type": ["object", "null"]},
      "membership": {"type": ["object", "null"]}}},
    "Membership": {"type": "object", "properties": {
      "role": {"enum": ["owner", "moderator", "member", "readonly"]}, "read_seq": {"type": "integer"},
      "unread": {"type": "integer"}, "mentions": {"type": "integer"},
      "notify": {"enum": ["all", "mentions", "none"]}, "starred": {"type": "boolean"},
      "draft": {"type": "string"}, "joined_at": {"type": "integer"},
      "muted_until": {"type": ["integer", "null"]}}},
    "Member": {"type": "object", "properties": {"room_id": {"type": "string"}, "user_id": {"type": "string"},
      "role": {"enum": ["owner", "moderator", "member", "readonly"]},
      "joined_at": {"type": "integer"}, "muted_until": {"type": ["integer", "null"]},
      "user": {"$ref": "#/components/schemas/User"}}},
    "Ban": {"type": "object", "properties": {"room_id": {"type": "string"}, "user_id": {"type": "string"},
      "until": {"type": ["integer", "null"]}, "reason": {"type": "string"}, "banned_by": {"type": "string"},
      "created_at": {"type": "integer"}}},
    "Flag": {"type": "object", "properties": {"id": {"type": "string"}, "room_id": {"type": "string"},
      "message_id": {"type": "string"}, "user_id": {"type": "string"}, "reason": {"type": "string"},
      "created_at": {"type": "integer"}, "message": {"$ref": "#/components/schemas/Message"}}},
    "Scheduled": {"type": "object", "properties": {"id": {"type": "string"}, "room_id": {"type": "string"},
      "thread_id": {"type": ["string", "null"]}, "text": {"type": "string"}, "at": {"type": "integer"},
      "created_at": {"type": "integer"}, "problem": {"type": ["string", "null"]}}},
    "Reminder": {"type": "object", "properties": {"id": {"type": "string"}, "room_id": {"type": "string"},
      "message_id": {"type": "string"}, "note": {"type": "string"}, "at": {"type": "integer"},
      "created_at": {"type": "integer"}, "told_at": {"type": ["integer", "null"]},
      "message": {"anyOf": [{"$ref": "#/components/schemas/Message"}, {"type": "null"}]}}},
    "Hook": {"type": "object", "properties": {"id": {"type": "string"}, "room_id": {"type": "string"},
      "name": {"type": "string"}, "created_by": {"type": "string"}, "created_at": {"type": "integer"}}},
    "AuditEntry": {"type": "object", "properties": {"id": {"type": "string"}, "at": {"type": "integer"},
      "room_id": {"type": "string"}, "actor": {"type": "string"}, "action": {"type": "string"},
      "target": {"type": "string"}, "detail": {"type": "object"}}},
    "Message": {"type": "object", "properties": {"id": {"type": "string"}, "room_id": {"type": "string"},
      "seq": {"type": "integer"}, "user_id": {"type": "string"}, "type": {"enum": ["text", "system"]},
      "text": {"type": "string"}, "client_msg_id": {"type": "string"},
      "thread_id": {"type": ["string", "null"]}, "reply_count": {"type": "integer"},
      "reactions": {"type": "array"}, "mentions": {"type": "object"}, "attachments": {"type": "array"},
      "pinned": {"type": "boolean"}, "edited_at": {"type": ["integer", "null"]},
      "deleted_at": {"type": ["integer", "null"]}, "created_at": {"type": "integer"},
      "version": {"type": "integer"}}},
    "Event": {"type": "object", "properties": {"type": {"type": "string"}, "room_id": {"type": "string"},
      "version": {"type": "integer"}, "ts": {"type": "integer"}, "data": {"type": "object"}}}
  }
})json";

constexpr std::string_view kRefused = R"json({"description": "Refused: the error says why.",
  "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}})json";

std::string_view TypeOf(JsonReader::Kind kind) {
  switch (kind) {
    case JsonReader::Kind::kBool: return R"("boolean")";
    case JsonReader::Kind::kNumber: return R"("integer")";
    case JsonReader::Kind::kObject: return R"("object")";
    case JsonReader::Kind::kNone: return R"(["integer","string"])";
    default: return R"("string")";
  }
}

void WriteSchema(JsonWriter& json, const FieldInfo& info) {
  json.BeginObject();
  if (info.kind == JsonReader::Kind::kArray) {
    json.Member("type", "array");
    json.RawMember("items", R"({"type":"string"})");
  } else {
    json.RawMember("type", TypeOf(info.kind));
  }
  if (info.in == In::kBody && !info.doc.empty()) json.Member("description", info.doc);
  json.EndObject();
}

void WriteParameter(JsonWriter& json, const FieldInfo& info) {
  json.BeginObject();
  json.Member("name", info.name);
  json.Member("in", info.in == In::kPath ? "path" : "query");
  json.Member("required", info.is_required);
  if (!info.doc.empty()) json.Member("description", info.doc);
  json.Key("schema");
  WriteSchema(json, info);
  json.EndObject();
}

void WriteBody(JsonWriter& json, const Operation& operation) {
  json.Key("requestBody");
  json.BeginObject();
  json.Key("content");
  json.BeginObject();
  json.Key("application/json");
  json.BeginObject();
  json.Key("schema");
  json.BeginObject();
  json.Member("type", "object");
  json.Key("properties");
  json.BeginObject();
  for (const FieldInfo& info : operation.fields) {
    if (info.in != In::kBody) continue;
    json.DynamicKey(info.name);
    WriteSchema(json, info);
  }
  json.EndObject();
  json.Key("required");
  json.BeginArray();
  for (const FieldInfo& info : operation.fields) {
    if (info.in == In::kBody && info.is_required) json.String(info.name);
  }
  json.EndArray();
  json.EndObject();
  json.EndObject();
  json.EndObject();
  json.EndObject();
}

void WriteResponses(JsonWriter& json, const OperationInfo& info) {
  json.Key("responses");
  json.BeginObject();
  json.DynamicKey(std::to_string(info.status));
  json.BeginObject();
  json.Member("description", "Done.");
  if (!info.result.empty()) {
    json.Key("content");
    json.BeginObject();
    json.Key("application/json");
    json.BeginObject();
    json.Key("schema");
    json.RawOnOneLine(info.result);
    json.EndObject();
    json.EndObject();
  }
  json.EndObject();
  json.Key("default");
  json.RawOnOneLine(kRefused);
  json.EndObject();
}

std::string MethodName(http::Method method) {
  switch (method) {
    case http::Method::kPost: return "post";
    case http::Method::kPut: return "put";
    case http::Method::kPatch: return "patch";
    case http::Method::kDelete: return "delete";
    default: return "get";
  }
}

void WriteOperation(JsonWriter& json, const Operation& operation) {
  json.DynamicKey(MethodName(operation.info.method));
  json.BeginObject();
  json.Member("operationId", operation.info.name);
  json.Member("summary", operation.info.summary);
  json.Key("parameters");
  json.BeginArray();
  bool has_body = false;
  for (const FieldInfo& info : operation.fields) {
    has_body = has_body || info.in == In::kBody;
    if (info.in != In::kBody) WriteParameter(json, info);
  }
  json.EndArray();
  if (has_body) WriteBody(json, operation);
  WriteResponses(json, operation.info);
  json.EndObject();
}

}  // namespace

std::string OpenApiDocument(std::span<const Operation> operations, std::span<const PathDescription> others) {
  std::map<std::string_view, std::vector<const Operation*>> paths;
  for (const Operation& each : operations) paths[each.info.path].push_back(&each);
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("openapi", "3.1.0");
  json.Key("info");
  json.RawOnOneLine(kInfo);
  json.RawMember("servers", R"([{"url":"/chat/v1"}])");
  json.RawMember("security", R"([{"token":[]},{"key":[]},{"session":[]}])");
  json.Key("paths");
  json.BeginObject();
  for (const auto& [path, of_path] : paths) {
    json.DynamicKey(path);
    json.BeginObject();
    for (const Operation* const each : of_path) WriteOperation(json, *each);
    json.EndObject();
  }
  for (const PathDescription& each : others) {
    json.DynamicKey(each.path);
    json.RawOnOneLine(each.json);
  }
  json.EndObject();
  json.Key("components");
  json.RawOnOneLine(kComponents);
  json.EndObject();
  return text;
}

}  // namespace tidemill::chat
