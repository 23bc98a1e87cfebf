// Endpoints for tests: a .sql file with the types that a database would have said of it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "queries/catalog/endpoint.h"
#include "sql/database.h"
#include "sql/type.h"

namespace tidemill::queries::testing {

using TypePtr = std::shared_ptr<const sql::Type>;

// As Postgres has them: "int2", "int4", "int8", "float4", "float8", "numeric", "bool", "text", "json",
// "date", "timestamp", "timestamptz", "uuid", "bytea", "inet"; with [] an array of them. "": untyped, as in
// SQLite.
TypePtr TypeOf(std::string_view name);
TypePtr EnumOf(std::vector<std::string> labels);
TypePtr ArrayOf(TypePtr element);
TypePtr CompositeOf(std::vector<sql::Attribute> attributes);

struct Described {
  std::map<std::string, TypePtr> parameters;             // by name; the others are text
  std::vector<std::pair<std::string, TypePtr>> columns;  // in their order
  sql::Dialect dialect = sql::Dialect::kPostgres;
};

// The first query of the file; it must have no problems.
std::shared_ptr<const Endpoint> MakeEndpoint(std::string path, std::string text, const Described& described);

// A request whose views live as long as it does.
struct Asking {
  std::string query;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> path;  // names and values, not decoded
  http::Method method = http::Method::kGet;

  // Made by Get, which gives what is borrowed from here.
  http::Request request;
  std::vector<std::string> names;
  const http::Request& Get();
};

}  // namespace tidemill::queries::testing
