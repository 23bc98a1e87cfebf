// ErrorAnswer: what went wrong, as a client is told: PostgREST's body {code, message, details, hint} and its
// statuses, with the deviations that docs/formats/rest.md names. The one table from failures to statuses is
// here.
//
// Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "queries/answer/own_error.h"
#include "queries/values/refusal.h"
#include "sql/failure.h"

namespace tidemill::queries {

struct ErrorAnswer {
  int status = 500;
  std::string code;  // of SQLSTATE, of SQLite, or our own
  std::string message;
  std::string details;             // here and below "" is null
  std::string hint;                //
  std::vector<FieldError> errors;  // of a request with wrong fields; empty: the member is left out
  std::optional<Duration> retry_after;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones: Content-Range
};

ErrorAnswer MakeError(OwnError error, std::string message);
ErrorAnswer MakeError(const Refusal& refusal);

struct Asker {
  bool developer = false;  // --dev: is told all that the database says
  bool anonymous = false;  // has no token; where a role may not, one might help: 401
};
// Whoever is no developer is told what the database says only where it says it to callers: of values that do
// not fit, of constraints, of RAISE.
ErrorAnswer MakeError(const sql::Failure& failure, Asker asker);

http::Response ToResponse(const ErrorAnswer& error);

}  // namespace tidemill::queries
