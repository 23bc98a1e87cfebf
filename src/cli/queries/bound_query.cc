#include "cli/queries/bound_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/json.h"
#include "base/nearest.h"
#include "cli/table.h"
#include "http/message.h"
#include "queries/answer/rows_answer.h"

namespace tidemill::cli {
namespace {

using files::ParameterSource;

constexpr std::string_view kClaims = "claims.";

bool IsCalled(const queries::Endpoint& endpoint, std::string_view name) {
  if (endpoint.operation_id == name || endpoint.query->route.ToString() == name) return true;
  return endpoint.file->path == name && endpoint.file->queries.size() == 1;
}

// RFC 3986, section 2.3: all others are encoded.
std::string Encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (IsLetter(c) || IsDigit(c) || std::string_view("-._~").contains(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

void AppendPair(const std::string& name, const std::string& value, std::string& out) {
  out += (out.empty() ? "" : "&") + Encoded(name) + "=" + Encoded(value);
}

// A number stays one for a parameter that is one; whatever else is a text.
std::string ClaimValue(const sql::Type* type, const std::string& value) {
  const bool text = type != nullptr && type->kind == sql::Kind::kText;
  if (!text && IsJson(value)) return value;
  std::string quoted;
  AppendJsonString(value, quoted);
  return quoted;
}

http::Method ToHttp(files::Method method) {
  switch (method) {
    case files::Method::kGet: return http::Method::kGet;
    case files::Method::kPost: return http::Method::kPost;
    case files::Method::kPut: return http::Method::kPut;
    case files::Method::kPatch: return http::Method::kPatch;
    case files::Method::kDelete: return http::Method::kDelete;
  }
  return http::Method::kOther;
}

// A request with these values, and whose claims it has.
struct Sent {
  std::vector<std::string> path_names;
  std::vector<std::string> path_values;
  std::string query;
  std::string body;
  std::vector<std::pair<std::string, std::string>> claims;  // values are JSON

  void Add(const queries::Endpoint& endpoint, const std::string& name, const std::string& value) {
    if (name.starts_with(kClaims)) return SetClaim(name.substr(kClaims.size()), ClaimValue(nullptr, value));
    const auto& parameters = endpoint.query->parameters;
    const auto found = std::ranges::find(parameters, name, &files::Parameter::name);
    if (found == parameters.end()) return AppendPair(name, value, query);
    const auto index = static_cast<std::size_t>(found - parameters.begin());
    switch (found->source) {
      case ParameterSource::kPath:
        path_names.push_back(name);
        path_values.push_back(Encoded(value));
        return;
      case ParameterSource::kQuery: return AppendPair(name, value, query);
      case ParameterSource::kBody: return AppendPair(name, value, body);
      case ParameterSource::kClaim:
        return SetClaim(name, ClaimValue(endpoint.parameters[index].type.get(), value));
    }
  }
  void SetClaim(std::string name, std::string json) { claims.emplace_back(std::move(name), std::move(json)); }

  std::string Claims() const {
    std::string text;
    JsonWriter json(text);
    json.BeginObject();
    for (const auto& [name, value] : claims) {
      json.DynamicKey(name);
      json.Raw(value);
    }
    json.EndObject();
    return text;
  }
};

std::expected<queries::TypedRequest, queries::Refusal> Read(const queries::RequestReader& reader,
                                                            const queries::Endpoint& endpoint,
                                                            const Sent& sent) {
  http::Request request{.method = ToHttp(endpoint.query->route.method)};
  request.query = sent.query;
  request.body = sent.body;
  request.path_names = sent.path_names;
  for (const std::string& value : sent.path_values) request.path_values.push_back(value);
  if (!sent.body.empty()) request.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
  return reader.Read(request, sent.Claims());
}

QueryAnswer ToAnswer(const queries::ErrorAnswer& error) {
  QueryAnswer answer{.code = error.code, .message = error.message};
  for (const queries::FieldError& each : error.errors) {
    if (!answer.message.contains(each.ToString())) answer.message += "\n  " + each.ToString();
  }
  return answer;
}

QueryAnswer Wrong(std::string message) { return {.message = std::move(message)}; }

// The body of an error: {"code", "message", …}.
QueryAnswer ReadError(std::string_view body) {
  QueryAnswer answer;
  JsonReader json(body);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") {
      answer.code = json.ReadString();
    } else if (*key == "message") {
      answer.message = json.ReadString();
    } else {
      (void)json.ReadRaw();
    }
  }
  return answer;
}

}  // namespace

QueryAnswer ToAnswer(const sql::Failure& failure) {
  QueryAnswer answer{
      .code = failure.code, .kind = std::string(Name(failure.kind)), .message = failure.message};
  if (!failure.detail.empty()) answer.message += "\n  " + failure.detail.str();
  if (!failure.hint.empty()) answer.message += "\n  " + failure.hint.str();
  return answer;
}

Result<Assignments> ParseAssignments(const std::vector<std::string>& words) {
  Assignments assignments;
  for (const std::string& word : words) {
    const std::size_t at = word.find('=');
    if (at == word.npos || at == 0) {
      return Fail(Errc::kInvalidArgument, fmt::format("\"{}\" is no NAME=VALUE", Printable(word)));
    }
    assignments.emplace_back(word.substr(0, at), word.substr(at + 1));
  }
  return assignments;
}

Result<std::shared_ptr<const queries::Endpoint>> FindEndpoint(const queries::Catalog& catalog,
                                                              std::string_view name) {
  std::vector<std::string> names;
  for (const auto& endpoint : catalog.endpoints) {
    if (IsCalled(*endpoint, name)) return endpoint;
    names.push_back(endpoint->operation_id);
    names.push_back(endpoint->query->route.ToString());
    names.push_back(endpoint->file->path);
  }
  for (const queries::BrokenEndpoint& broken : catalog.broken) {
    if (broken.path == name || broken.route.ToString() == name) return Fail(Errc::kRefused, broken.reason);
  }
  const auto near = Nearest(name, names);
  return Fail(Errc::kNotFound, fmt::format("there is no endpoint \"{}\"{}; tidemill queries list shows them",
                                           Printable(std::string(name)),
                                           near ? fmt::format(": did you mean \"{}\"?", *near) : ""));
}

std::expected<BoundQuery, QueryAnswer> BoundQuery::Make(std::shared_ptr<const queries::Endpoint> endpoint,
                                                        sql::Dialect dialect,
                                                        const Assignments& assignments) {
  BoundQuery bound;
  const auto reader = queries::RequestReader::Make(endpoint, dialect);
  if (!reader) return std::unexpected(Wrong(reader.error()));
  auto statements = queries::Statements::Make(endpoint, dialect);
  if (!statements) return std::unexpected(Wrong(statements.error()));
  auto plan = queries::AnswerPlan::Make(endpoint, dialect);
  if (!plan) return std::unexpected(Wrong(plan.error()));
  Sent sent;
  for (const auto& [name, value] : assignments) sent.Add(*endpoint, name, value);
  auto request = Read(**reader, *endpoint, sent);
  if (!request) return std::unexpected(ToAnswer(queries::MakeError(request.error())));
  bound.endpoint_ = std::move(endpoint);
  bound.dialect_ = dialect;
  bound.statements_ = *std::move(statements);
  bound.plan_ = *std::move(plan);
  bound.request_ = *std::move(request);
  bound.claims_ = sent.Claims();
  return bound;
}

Task<sql::Result<void>> BoundQuery::SetClaims(const BoundQuery& query, sql::Transaction& transaction,
                                              std::string role_claim) {
  if (query.dialect_ != sql::Dialect::kPostgres) co_return sql::Result<void>();
  const sql::Statement set("select set_config('request.jwt.claims', $1, true)",
                           {.reuse = sql::Reuse::kOnce, .parameter_oids = {}});
  TM_CO_TRY(co_await transaction.Run({.statement = set, .parameters = {query.claims_}}));
  std::string role;
  JsonReader json(query.claims_);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == role_claim) {
      role = json.ReadString();
    } else {
      (void)json.ReadRaw();
    }
  }
  if (role.empty()) co_return sql::Result<void>();
  const sql::Statement become("select set_config('role', $1, true)",
                              {.reuse = sql::Reuse::kOnce, .parameter_oids = {}});
  TM_CO_TRY(co_await transaction.Run({.statement = become, .parameters = {role}}));
  co_return sql::Result<void>();
}

Task<QueryAnswer> BoundQuery::Run(const BoundQuery& query, sql::Transaction& transaction,
                                  std::string role_claim) {
  if (const auto set = co_await SetClaims(query, transaction, std::move(role_claim)); !set) {
    co_return cli::ToAnswer(set.error());
  }
  std::vector<sql::RunResult> results;
  for (sql::Call& call : query.Calls()) {
    auto result = co_await transaction.Run(std::move(call));
    if (!result) co_return cli::ToAnswer(result.error());
    results.push_back(*std::move(result));
  }
  queries::RowsAnswer answer(query.plan_, query.request_);
  answer.Add(results);
  http::Response response = answer.Finish({});
  if (response.status > 399) co_return ReadError(response.body);
  co_return QueryAnswer{.body = std::move(response.body)};
}

}  // namespace tidemill::cli
