// OwnError: what the server itself refuses or fails with, by codes that begin with TM: SQLSTATE has no such
// class.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidemill::queries {

enum class OwnError : std::uint8_t {
  kInvalidRequest,        // TM100, 400: fields of the request, each named
  kUnauthenticated,       // TM101, 401: no token, or one that is not good
  kForbidden,             // TM102, 403: the token lacks a role or a claim
  kNoRow,                 // TM103, 404: @rows one or value, and there is none
  kNotAcceptable,         // TM104, 406
  kTooManyValues,         // TM105, 413
  kUnsupportedMediaType,  // TM106, 415
  kRange,                 // TM107, 416
  kKeyReused,             // TM108, 422: an Idempotency-Key that came with another request
  kRate,                  // TM109, 429
  kMaxAffected,           // TM110, 400: Prefer: max-affected
  kTooManyRows,           // TM111, 500: the answer has more rows or bytes than it may
  kKeysetNull,            // TM112, 500: a column of the keyset is null where a page ends
  kInternal,              // TM113, 500
  kBroken,                // TM114, 503: the endpoint's file has a problem
  kBusy,                  // TM115, 503: too many requests at once; also for a connection to the database
  kUnavailable,           // TM116, 503: the database is away, or our own tables are not there yet
  kTimeout,               // TM117, 504
  kKeyUnderWay,           // TM120, 409: the first request with this Idempotency-Key has not ended
  kNoEndpoint,            // TM118, 404: nothing has this path
  kWrongMethod,           // TM119, 405: the path has other methods
};

struct OwnErrorFacts {
  std::string_view code;
  int status;
};
OwnErrorFacts FactsOf(OwnError error);

}  // namespace tidemill::queries
