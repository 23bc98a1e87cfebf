#include "queries/answer/error_answer.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/json_writer.h"

namespace tidemill::queries {
namespace {

using sql::FailureKind;

constexpr Duration kRetryAfter = Seconds(1);

struct SqlState {
  std::string_view code;  // five characters, or the two of a class
  int status;
};

// docs.postgrest.org/en/stable/references/errors.html, "HTTP Status Codes". Ours: 40 (PostgREST: 500), 55P03
// (500), 57 (500).
constexpr SqlState kSqlStates[] = {
    {"08", 503},    {"09", 500},    {"0L", 403},    {"0P", 403}, {"23503", 409}, {"23505", 409},
    {"25006", 405}, {"25", 500},    {"28", 403},    {"2D", 500}, {"38", 500},    {"39", 500},
    {"3B", 500},    {"40", 409},    {"53400", 500}, {"53", 503}, {"54", 500},    {"55P03", 503},
    {"55", 500},    {"57014", 504}, {"57P", 503},   {"57", 500}, {"58", 500},    {"F0", 500},
    {"HV", 500},    {"P0001", 400}, {"P0", 500},    {"XX", 500}, {"42883", 404}, {"42P01", 404},
    {"42P17", 500},
};

// What RAISE SQLSTATE 'PT402' asks for; 0: nothing.
int RaisedStatus(std::string_view code) {
  if (code.size() != 5 || !code.starts_with("PT")) return 0;
  int status = 0;
  std::from_chars(code.data() + 2, code.data() + 5, status);
  return status >= 400 && status <= 599 ? status : 500;
}

bool IsSqlState(std::string_view code) { return code.size() == 5 && !code.starts_with("SQLITE"); }

int StatusOfSqlState(std::string_view code, Asker asker) {
  if (const int raised = RaisedStatus(code); raised != 0) return raised;
  if (code == "42501") return asker.anonymous ? 401 : 403;
  for (const SqlState& row : kSqlStates) {
    if (code.starts_with(row.code)) return row.status;
  }
  return 400;
}

// Of databases that have no SQLSTATE.
int StatusOfKind(FailureKind kind, Asker asker) {
  switch (kind) {
    case FailureKind::kInvalidValue:
    case FailureKind::kNotNullViolation:
    case FailureKind::kCheckViolation:
    case FailureKind::kRaised: return 400;
    case FailureKind::kPermissionDenied: return asker.anonymous ? 401 : 403;
    case FailureKind::kReadOnly: return 405;
    case FailureKind::kUniqueViolation:
    case FailureKind::kForeignKeyViolation:
    case FailureKind::kSerialization: return 409;
    case FailureKind::kLocked:
    case FailureKind::kUnauthenticated:
    case FailureKind::kCancelled:
    case FailureKind::kUnavailable:
    case FailureKind::kNotReady:
    case FailureKind::kBusy:
    case FailureKind::kFull: return 503;
    case FailureKind::kTimeout: return 504;
    case FailureKind::kInvalidStatement:
    case FailureKind::kLimitExceeded:
    case FailureKind::kCorrupt:
    case FailureKind::kInternal: return 500;
  }
  return 500;
}

// The code of a failure that has none: the server's own.
std::string_view OwnCode(FailureKind kind) {
  switch (kind) {
    case FailureKind::kBusy: return FactsOf(OwnError::kBusy).code;
    case FailureKind::kTimeout: return FactsOf(OwnError::kTimeout).code;
    case FailureKind::kLimitExceeded: return FactsOf(OwnError::kTooManyRows).code;
    case FailureKind::kUnauthenticated:
    case FailureKind::kCancelled:
    case FailureKind::kUnavailable:
    case FailureKind::kNotReady: return FactsOf(OwnError::kUnavailable).code;
    default: return FactsOf(OwnError::kInternal).code;
  }
}

// What a stranger is told instead of the database's words; "": those.
std::string_view MessageFor(FailureKind kind) {
  switch (kind) {
    case FailureKind::kInvalidValue:
    case FailureKind::kUniqueViolation:
    case FailureKind::kForeignKeyViolation:
    case FailureKind::kNotNullViolation:
    case FailureKind::kCheckViolation:
    case FailureKind::kPermissionDenied:
    case FailureKind::kReadOnly:
    case FailureKind::kNotReady:
    case FailureKind::kRaised: return "";
    case FailureKind::kInvalidStatement: return "the endpoint's statement is not valid now";
    case FailureKind::kSerialization: return "the transaction conflicted with another one; try again";
    case FailureKind::kLocked: return "another transaction holds what this one needs; try again";
    case FailureKind::kTimeout: return "the request took longer than it may";
    case FailureKind::kCancelled: return "the statement was cancelled";
    case FailureKind::kUnauthenticated:
    case FailureKind::kUnavailable: return "the database is not available; try again";
    case FailureKind::kBusy: return "too many requests wait for the database; try again";
    case FailureKind::kLimitExceeded: return "the answer is larger than it may be";
    case FailureKind::kFull: return "the database has no room left";
    case FailureKind::kCorrupt:
    case FailureKind::kInternal: return "the database failed";
  }
  return "the database failed";
}

OwnError Of(RefusalKind kind) {
  switch (kind) {
    case RefusalKind::kInvalid: return OwnError::kInvalidRequest;
    case RefusalKind::kForbidden: return OwnError::kForbidden;
    case RefusalKind::kNotAcceptable: return OwnError::kNotAcceptable;
    case RefusalKind::kTooLarge: return OwnError::kTooManyValues;
    case RefusalKind::kUnsupportedMediaType: return OwnError::kUnsupportedMediaType;
    case RefusalKind::kRange: return OwnError::kRange;
  }
  return OwnError::kInvalidRequest;
}

std::string ToJson(const ErrorAnswer& error) {
  std::string body;
  JsonWriter json(body);
  const auto text = [&](JsonName name, const std::string& value) {
    json.Key(name);
    value.empty() ? json.Null() : json.String(value);
  };
  json.BeginObject();
  json.Member("code", error.code);
  json.Member("message", error.message);
  text("details", error.details);
  text("hint", error.hint);
  if (!error.errors.empty()) {
    json.Key("errors");
    json.BeginArray();
    for (const FieldError& each : error.errors) {
      json.BeginObject();
      json.Member("field", each.field);
      json.Member("problem", each.problem);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return body;
}

}  // namespace

ErrorAnswer MakeError(OwnError error, std::string message) {
  const auto [code, status] = FactsOf(error);
  ErrorAnswer answer{.status = status, .code = std::string(code), .message = std::move(message)};
  if (status == 503) answer.retry_after = kRetryAfter;
  return answer;
}

ErrorAnswer MakeError(const Refusal& refusal) {
  const std::size_t count = refusal.errors.size() + refusal.unlisted;
  ErrorAnswer answer = MakeError(Of(refusal.kind), refusal.errors.front().ToString());
  if (count > 1) {
    answer.message = (refusal.unlisted > 0 ? "more than " : "") + std::to_string(refusal.errors.size()) +
                     " things are wrong with the request";
    for (const FieldError& error : refusal.errors) {
      answer.details += (answer.details.empty() ? "" : "\n") + error.ToString();
    }
    if (refusal.unlisted > 0) answer.details += "\nand more";
  }
  answer.errors = refusal.errors;
  return answer;
}

ErrorAnswer MakeError(const sql::Failure& failure, Asker asker) {
  const bool sqlstate = IsSqlState(failure.code);
  const bool raised = failure.kind == FailureKind::kRaised || (sqlstate && RaisedStatus(failure.code) != 0);
  ErrorAnswer answer{
      .status = sqlstate ? StatusOfSqlState(failure.code, asker) : StatusOfKind(failure.kind, asker),
      .code = failure.code.empty() ? std::string(OwnCode(failure.kind)) : failure.code};
  const std::string_view instead = raised || asker.developer ? "" : MessageFor(failure.kind);
  answer.message = instead.empty() ? failure.message : std::string(instead);
  // Only what is committed has an answer that is over a limit, and cannot be undone.
  if (failure.kind == FailureKind::kLimitExceeded && failure.effect == sql::Effect::kUnknown) {
    answer.message = "the write is done, but " + answer.message;
  }
  if (raised || asker.developer) {
    answer.details = failure.detail.str();
    answer.hint = failure.hint.str();
  }
  if (answer.status == 503) answer.retry_after = kRetryAfter;
  // RFC 9110 section 15.5.2 wants one.
  if (answer.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

http::Response ToResponse(const ErrorAnswer& error) {
  http::Response response = http::Response::Json(error.status, ToJson(error));
  response.headers.insert(response.headers.end(), error.headers.begin(), error.headers.end());
  if (error.retry_after) {
    response.headers.emplace_back("Retry-After", std::to_string((error.retry_after->ms + 999) / 1000));
  }
  return response;
}

}  // namespace tidemill::queries
