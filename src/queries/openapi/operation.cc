#include "queries/openapi/operation.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queries/openapi/type_schema.h"
#include "queries/values/accept.h"

namespace tidemill::queries {
namespace {

using files::ParameterSource;
using files::RowsShape;

void WriteDefault(const files::Parameter& parameter, JsonWriter& json) {
  using enum files::DefaultValue::Kind;
  const auto& value = parameter.default_value;
  if (!value || value->kind == kNull) return;
  json.Key("default");
  if (value->kind == kText) return json.String(value->text);
  json.Raw(value->text);  // true, false or a number
}

// Generators make GetOrdersRow of it.
std::string RowName(const Endpoint& endpoint) { return endpoint.operation_id + "_row"; }

// SQLite keeps what is declared as boolean as 0 and 1.
void WriteColumnSchema(const EndpointColumn& column, JsonWriter& json) {
  const Nullable nullable = column.nullable ? Nullable::kYes : Nullable::kNo;
  const bool of_sqlite = column.type->kind == sql::Kind::kBoolean && column.type->oid == 0;
  WriteTypeSchema(of_sqlite ? sql::Type{.kind = sql::Kind::kInteger, .name = "int"} : *column.type, nullable,
                  json);
}

class OperationWriter {
 public:
  OperationWriter(const Endpoint& endpoint, JsonWriter& json)
      : endpoint_(endpoint), query_(*endpoint.query), json_(json) {}

  void Write() {
    json_.BeginObject();
    json_.Member("operationId", endpoint_.operation_id);
    WriteTags();
    if (!query_.summary.empty()) json_.Member("summary", query_.summary);
    if (!query_.description.empty()) json_.Member("description", query_.description);
    WriteSecurity();
    WriteParameters();
    if (Has(ParameterSource::kBody)) WriteBody();
    WriteResponses();
    json_.EndObject();
  }

 private:
  bool is_get() const { return query_.route.method == files::Method::kGet; }
  bool Has(ParameterSource source) const {
    return std::ranges::any_of(query_.parameters,
                               [source](const files::Parameter& p) { return p.source == source; });
  }

  void WriteTags() {
    json_.Key("tags");
    json_.BeginArray();
    json_.String(query_.route.segments.front().text);
    json_.EndArray();
  }

  void WriteSecurity() {
    json_.Key("security");
    json_.BeginArray();
    if (query_.auth.required) {
      json_.BeginObject();
      json_.Key("bearer");
      json_.BeginArray();
      for (const std::string& role : query_.auth.roles) json_.String(role);
      json_.EndArray();
      json_.EndObject();
    }
    json_.EndArray();
  }

  void BeginParameter(std::string_view name, std::string_view in, bool required, std::string_view doc) {
    json_.BeginObject();
    json_.Member("name", name);
    json_.Member("in", in);
    if (required) json_.Member("required", true);
    if (!doc.empty()) json_.Member("description", doc);
    json_.Key("schema");
    json_.BeginObject();
  }
  void EndParameter() {
    json_.EndObject();
    json_.EndObject();
  }

  void WriteParameters() {
    json_.Key("parameters");
    json_.BeginArray();
    for (std::size_t i = 0; i < query_.parameters.size(); ++i) {
      const files::Parameter& parameter = query_.parameters[i];
      const bool path = parameter.source == ParameterSource::kPath;
      if (!path && parameter.source != ParameterSource::kQuery) continue;
      BeginParameter(parameter.name, path ? "path" : "query", path || parameter.required, parameter.doc);
      WriteTypeSchema(*endpoint_.parameters[i].type, Nullable::kNo, json_);
      WriteDefault(parameter, json_);
      EndParameter();
    }
    if (query_.page) WritePage(*query_.page);
    if (!query_.sort.empty()) WriteSort();
    if (is_get() ? query_.page.has_value() : query_.rows != RowsShape::kExec) WritePrefer();
    if (endpoint_.access == sql::Access::kWrite) WriteIdempotencyKey();
    json_.EndArray();
  }

  void WritePage(const files::Page& page) {
    BeginParameter("limit", "query", false, "How many rows at most");
    json_.Member("type", "integer");
    json_.Member("minimum", 0);
    json_.Member("maximum", page.max);
    json_.Member("default", page.limit);
    EndParameter();
    if (page.keyset.empty()) {
      BeginParameter("offset", "query", false, "How many rows to pass over");
      json_.Member("type", "integer");
      json_.Member("minimum", 0);
      json_.Member("maximum", 1'000'000'000'000'000);
      json_.Member("default", 0);
      EndParameter();
      return;
    }
    BeginParameter("cursor", "query", false, "Where the page before ended: it stands in the header Link");
    json_.Member("type", "string");
    EndParameter();
  }

  // Several of them a schema cannot list.
  void WriteSort() {
    BeginParameter("sort", "query", false, "The order; several columns have commas between them");
    json_.Member("type", "string");
    json_.Key("enum");
    json_.BeginArray();
    for (const std::string& column : query_.sort) {
      json_.String(column);
      json_.String(column + ".desc");
    }
    json_.EndArray();
    EndParameter();
  }

  // What is not known there is passed over (RFC 7240): no enumeration.
  void WritePrefer() {
    BeginParameter("Prefer", "header", false,
                   is_get()
                       ? "count=exact, count=planned or count=estimated: counts the rows of all pages; the "
                         "number is in Content-Range"
                       : "return=minimal: the answer has no body");
    json_.Member("type", "string");
    json_.Key("examples");
    json_.BeginArray();
    json_.String(is_get() ? "count=exact" : "return=minimal");
    json_.EndArray();
    EndParameter();
  }

  // As ReadIdempotencyKey takes it, but for the form in quotes.
  void WriteIdempotencyKey() {
    BeginParameter(
        "Idempotency-Key", "header", false,
        "For a client that may have to send the request again: of all with the same key it happens "
        "once, and each gets the first answer");
    json_.Member("type", "string");
    json_.RawMember("pattern", R"json("^[!#-~][!-~]*$")json");
    json_.Member("minLength", 1);
    json_.Member("maxLength", 255);
    json_.RawMember("examples", R"(["8e03978e-40d5-43e8-bc93-6894a57f9324"])");
    EndParameter();
  }

  void WriteBodySchema() {
    json_.Member("type", "object");
    json_.Key("properties");
    json_.BeginObject();
    for (std::size_t i = 0; i < query_.parameters.size(); ++i) {
      const files::Parameter& parameter = query_.parameters[i];
      if (parameter.source != ParameterSource::kBody) continue;
      json_.DynamicKey(parameter.name);
      json_.BeginObject();
      WriteTypeSchema(*endpoint_.parameters[i].type, parameter.required ? Nullable::kNo : Nullable::kYes,
                      json_);
      WriteDefault(parameter, json_);
      if (!parameter.doc.empty()) json_.Member("description", parameter.doc);
      json_.EndObject();
    }
    json_.EndObject();
    json_.Key("required");
    json_.BeginArray();
    for (const files::Parameter& parameter : query_.parameters) {
      if (parameter.source == ParameterSource::kBody && parameter.required) json_.String(parameter.name);
    }
    json_.EndArray();
    json_.Member("additionalProperties", false);
  }

  void WriteBody() {
    json_.Key("requestBody");
    json_.BeginObject();
    json_.Member("required", true);
    json_.Key("content");
    json_.BeginObject();
    json_.Key("application/json");
    json_.BeginObject();
    json_.Key("schema");
    json_.BeginObject();
    WriteBodySchema();
    json_.EndObject();
    json_.EndObject();
    json_.EndObject();
    json_.EndObject();
  }

  void WriteRowReference() { json_.Member("$ref", "#/components/schemas/" + RowName(endpoint_)); }

  void WriteAnswer() {
    switch (query_.rows) {
      case RowsShape::kOne: return WriteRowReference();
      case RowsShape::kValue:
        if (endpoint_.columns.empty()) return;
        return WriteColumnSchema(endpoint_.columns.front(), json_);
      case RowsShape::kExec:
        json_.Member("type", "object");
        json_.RawMember("properties", R"({"rows_affected":{"type":"integer","minimum":0}})");
        return json_.RawMember("required", R"(["rows_affected"])");
      case RowsShape::kMany:
        json_.Member("type", "array");
        json_.Key("items");
        json_.BeginObject();
        WriteRowReference();
        json_.EndObject();
    }
  }

  std::string_view WhatComes() const {
    switch (query_.rows) {
      case RowsShape::kOne: return "The row";
      case RowsShape::kValue: return "The value";
      case RowsShape::kExec: return "How many rows were changed";
      case RowsShape::kMany: return "The rows";
    }
    return "";
  }

  void WriteContent() {
    json_.Key("content");
    json_.BeginObject();
    for (const Format format : FormatsOf(query_.rows)) {
      if (format == Format::kObject) continue;
      const std::string_view type = ContentType(format);
      json_.DynamicKey(type.substr(0, type.find(';')));
      json_.BeginObject();
      json_.Key("schema");
      json_.BeginObject();
      if (format == Format::kJson) {
        WriteAnswer();
      } else {
        json_.Member("type", "string");
      }
      json_.EndObject();
      json_.EndObject();
    }
    json_.EndObject();
  }

  void WriteHeader(std::string_view name, std::string_view doc) {
    json_.DynamicKey(name);
    json_.BeginObject();
    json_.Member("description", doc);
    json_.RawMember("schema", R"({"type":"string"})");
    json_.EndObject();
  }

  void WriteHeaders() {
    if (!query_.page && !query_.cache) return;
    json_.Key("headers");
    json_.BeginObject();
    if (query_.page) WriteHeader("Content-Range", "Which rows these are: 0-24/*");
    if (query_.page) WriteHeader("Link", "The next page, if there is one: <…>; rel=\"next\"");
    if (query_.cache)
      WriteHeader("ETag", "For If-None-Match, which is answered with 304 if nothing has changed");
    json_.EndObject();
  }

  void WriteError(JsonName status, std::string_view doc) {
    json_.Key(status);
    json_.BeginObject();
    json_.Member("description", doc);
    json_.RawMember("content", R"({"application/json":{"schema":{"$ref":"#/components/schemas/ApiError"}}})");
    json_.EndObject();
  }

  void WriteResponses() {
    json_.Key("responses");
    json_.BeginObject();
    json_.Key("200");
    json_.BeginObject();
    json_.Member("description", WhatComes());
    WriteHeaders();
    WriteContent();
    json_.EndObject();
    if (query_.page) {
      json_.Key("206");
      json_.BeginObject();
      json_.Member("description", "Some of the rows");
      WriteContent();
      json_.EndObject();
    }
    if (!is_get() && query_.rows != RowsShape::kExec)
      json_.RawMember("204", R"({"description":"Done: the request prefers no body"})");
    WriteError("400", "The request is wrong: each wrong field is named");
    if (query_.auth.required) {
      WriteError("401", "No token, or one that is not valid");
      WriteError("403", "The token does not permit it");
    }
    if (query_.rows == RowsShape::kOne || query_.rows == RowsShape::kValue)
      WriteError("404", "There is no such row");
    if (!is_get()) WriteError("409", "It contradicts what is there");
    if (endpoint_.access == sql::Access::kWrite)
      WriteError("422", "The Idempotency-Key came before with another request");
    json_.RawMember("default", R"({"$ref":"#/components/responses/Error"})");
    json_.EndObject();
  }

  const Endpoint& endpoint_;
  const files::Query& query_;
  JsonWriter& json_;
};

}  // namespace

void WriteRowSchema(const Endpoint& endpoint, JsonWriter& json) {
  const RowsShape shape = endpoint.query->rows;
  if (shape != RowsShape::kOne && shape != RowsShape::kMany) return;
  json.DynamicKey(RowName(endpoint));
  json.BeginObject();
  json.Member("type", "object");
  json.Key("properties");
  json.BeginObject();
  for (const EndpointColumn& column : endpoint.columns) {
    json.DynamicKey(column.name);
    json.BeginObject();
    WriteColumnSchema(column, json);
    if (!column.doc.empty()) json.Member("description", column.doc);
    json.EndObject();
  }
  json.EndObject();
  json.Key("required");
  json.BeginArray();
  for (const EndpointColumn& column : endpoint.columns) json.String(column.name);
  json.EndArray();
  json.EndObject();
}

void WriteOperation(const Endpoint& endpoint, JsonWriter& json) { OperationWriter(endpoint, json).Write(); }

}  // namespace tidemill::queries
