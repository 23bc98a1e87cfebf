// links: values_testing values
//
// A JSON body or a form for an endpoint with a parameter of each type, for both databases. What is read is
// what its type says: Postgres' literals are well formed, and written as JSON and read again they are the
// same.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/json.h"
#include "base/utf8.h"
#include "queries/values/request_reader.h"
#include "queries/values/statements.h"
#include "queries/values/testing/described.h"
#include "queries/values/value.h"
#include "sql/json_value.h"

namespace {

using namespace tidemill;           // NOLINT: all of this is about it
using namespace tidemill::queries;  // NOLINT
using testing::TypeOf;

testing::Described DescribedFor(sql::Dialect dialect) {
  testing::Described described = {.dialect = dialect};
  for (const char* const name : {"int2", "int8", "float8", "numeric", "bool", "json", "date", "timestamp",
                                 "timestamptz", "uuid", "bytea"}) {
    described.parameters[name] = TypeOf(name);
  }
  described.parameters["ints"] = TypeOf("int4[]");
  described.parameters["texts"] = TypeOf("text[]");
  described.parameters["blobs"] = TypeOf("bytea[]");
  described.parameters["mood"] = testing::EnumOf({"sad", "ok"});
  described.parameters["pair"] = testing::CompositeOf({{"a", TypeOf("int4")}, {"b", TypeOf("text[]")}});
  described.parameters["any"] = TypeOf(dialect == sql::Dialect::kSqlite ? "" : "text");
  return described;
}

struct Target {
  explicit Target(sql::Dialect of) : dialect(of) {
    std::string text, values;
    const testing::Described described = DescribedFor(dialect);
    for (const auto& [name, type] : described.parameters) {
      text += "-- @param " + name + " = null\n";
      values += (values.empty() ? ":" : ", :") + name;
    }
    endpoint = testing::MakeEndpoint("a.post.sql", text + "insert into a values (" + values + ")", described);
    reader = *RequestReader::Make(endpoint, dialect);
    statements = *Statements::Make(endpoint, dialect);
  }
  sql::Dialect dialect;
  std::shared_ptr<const Endpoint> endpoint;
  std::shared_ptr<const RequestReader> reader;
  std::shared_ptr<const Statements> statements;
};

std::string JsonOf(const sql::Type& type, const std::string& text) {
  sql::JsonBuffer json;
  sql::AppendJsonValue(type, type.kind, text, {}, json);
  return json.Take();
}

// Arrays and composites come to Postgres as texts.
void CheckLiteral(const sql::Type& type, const std::string& text) {
  const std::string json = JsonOf(type, text);
  TM_ASSERT(IsJson(json));
  TM_ASSERT(!json.starts_with('"'));  // it would be one that is malformed
  const auto again = FromJson(type, json, sql::Dialect::kPostgres);
  TM_ASSERT(again.has_value());
  TM_ASSERT(JsonOf(type, std::get<std::string>(*again)) == json);
}

void CheckValues(const Target& target, const sql::Parameters& values) {
  TM_ASSERT(values.size() == target.endpoint->parameters.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const sql::Type& type = *target.endpoint->parameters[i].type;
    const auto* const text = std::get_if<std::string>(&values[i]);
    if (text == nullptr) continue;
    TM_ASSERT(IsUtf8(*text) && !text->contains('\0'));
    const bool nested = type.kind == sql::Kind::kArray || type.kind == sql::Kind::kComposite;
    if (nested && target.dialect == sql::Dialect::kPostgres) CheckLiteral(type, *text);
    if (nested && target.dialect == sql::Dialect::kSqlite) TM_ASSERT(IsJson(*text));
    if (type.kind == sql::Kind::kJson) TM_ASSERT(IsJson(*text));
  }
}

void Check(const Target& target, std::string_view body, std::string type) {
  testing::Asking asking{.body = std::string(body),
                         .headers = {{"Content-Type", std::move(type)}},
                         .method = http::Method::kPost};
  const auto read = target.reader->Read(asking.Get(), "");
  if (!read) {
    TM_ASSERT(!read.error().errors.empty() && read.error().errors.size() <= Refusal::kErrorsMax);
    for (const FieldError& error : read.error().errors) {
      TM_ASSERT(!error.problem.empty() && IsUtf8(error.ToString()));
    }
    return;
  }
  TM_ASSERT(read->bulk || read->inputs.size() == 1);
  for (const sql::Parameters& values : read->inputs) CheckValues(target, values);
  TM_ASSERT(target.statements->Calls(*read).size() == read->inputs.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Target postgres(sql::Dialect::kPostgres);
  static const Target sqlite(sql::Dialect::kSqlite);
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const Target* const target : {&postgres, &sqlite}) {
    Check(*target, body, "application/json");
    Check(*target, body, "application/x-www-form-urlencoded");
  }
  return 0;
}
