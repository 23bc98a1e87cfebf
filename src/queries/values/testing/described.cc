#include "queries/values/testing/described.h"

#include <gtest/gtest.h>

#include "base/assert.h"
#include "queries/files/file_set.h"

namespace tidemill::queries::testing {
namespace {

using sql::Kind;

struct Named {
  std::string_view name;
  Kind kind;
  std::uint32_t oid;
};

constexpr Named kNamed[] = {
    {"int2", Kind::kInteger, 21},
    {"int4", Kind::kInteger, 23},
    {"int8", Kind::kInteger, 20},
    {"oid", Kind::kInteger, 26},
    {"xid8", Kind::kInteger, 5038},
    {"float4", Kind::kFloat, 700},
    {"float8", Kind::kFloat, 701},
    {"numeric", Kind::kNumeric, 1700},
    {"bool", Kind::kBoolean, 16},
    {"text", Kind::kText, 25},
    {"inet", Kind::kText, 869},
    {"box", Kind::kText, 603},
    {"json", Kind::kJson, 114},
    {"date", Kind::kDate, 1082},
    {"timestamp", Kind::kTimestamp, 1114},
    {"timestamptz", Kind::kTimestampTz, 1184},
    {"uuid", Kind::kUuid, 2950},
    {"bytea", Kind::kBytes, 17},
};

TypePtr Make(sql::Type type) { return std::make_shared<const sql::Type>(std::move(type)); }

}  // namespace

TypePtr TypeOf(std::string_view name) {
  if (name.empty()) return Make({});
  if (name.ends_with("[]")) return ArrayOf(TypeOf(name.substr(0, name.size() - 2)));
  for (const Named& each : kNamed) {
    if (each.name == name) return Make({.kind = each.kind, .name = std::string(name), .oid = each.oid});
  }
  TM_ASSERT(false);
  return nullptr;
}

TypePtr EnumOf(std::vector<std::string> labels) {
  return Make({.kind = Kind::kEnum, .name = "mood", .oid = 70'000, .labels = std::move(labels)});
}

TypePtr ArrayOf(TypePtr element) {
  std::string name = element->name + "[]";
  return Make({.kind = Kind::kArray, .name = std::move(name), .oid = 70'001, .element = std::move(element)});
}

TypePtr CompositeOf(std::vector<sql::Attribute> attributes) {
  return Make({.kind = Kind::kComposite, .name = "pair", .oid = 70'002, .attributes = std::move(attributes)});
}

std::shared_ptr<const Endpoint> MakeEndpoint(std::string path, std::string text, const Described& described) {
  auto endpoint = std::make_shared<Endpoint>();
  auto file = std::make_shared<const files::File>(files::LoadFile(std::move(path), text, described.dialect));
  EXPECT_TRUE(file->problems.empty()) << DescribeAll(file->path, file->text, file->problems);
  TM_ASSERT(!file->queries.empty());
  endpoint->query = &file->queries.front();
  endpoint->file = std::move(file);
  endpoint->operation_id = "tested";
  bool writes = false;
  for (const files::Parameter& parameter : endpoint->query->parameters) {
    const auto found = described.parameters.find(parameter.name);
    endpoint->parameters.push_back(
        {.type = found == described.parameters.end() ? TypeOf("text") : found->second});
  }
  for (const files::QueryStatement& statement : endpoint->query->statements) {
    endpoint->statements.push_back(
        {.sql = sql::Statement(statement.sql.text), .parameters = statement.parameters});
    writes = writes || statement.writes;
  }
  for (const auto& [name, type] : described.columns)
    endpoint->columns.push_back({.name = name, .type = type});
  endpoint->access = writes ? sql::Access::kWrite : sql::Access::kRead;
  return endpoint;
}

const http::Request& Asking::Get() {
  request = {.method = method, .query = query, .body = body};
  for (const auto& [name, value] : headers) request.headers.push_back({name, value});
  names.clear();
  for (const auto& [name, value] : path) {
    names.push_back(name);
    request.path_values.push_back(value);
  }
  request.path_names = names;
  return request;
}

}  // namespace tidemill::queries::testing
