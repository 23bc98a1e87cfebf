// What an API method may fail with, and how a backend is told: the code in the body, or the HTTP status.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "realtime/protocol/codes.h"

namespace tidemill::api {

using protocol::ErrorCode;

// The API words this one differently from the client protocol.
inline constexpr ErrorCode kErrorNotFound{104, "not found"};
inline constexpr ErrorCode kErrorAlreadyExists{114, "already exists"};
// What the method needs is away for a while; nothing was changed, or it is not known.
inline constexpr ErrorCode kErrorUnavailable{115, "not available now", true};

// A code, and where it helps what exactly is wrong.
struct Failure {
  Failure(const ErrorCode& of_code, std::string what = "")  // NOLINT: a code is a failure
      : code(of_code), detail(std::move(what)) {}
  ErrorCode code;
  std::string detail;  // "": the code says it all
  friend bool operator==(const Failure&, const Failure&) = default;
};

// An answer that is not made, as it would be too large.
inline constexpr ErrorCode kErrorAnswerTooLarge{
    protocol::kErrorLimitExceeded.code, "limit exceeded: the answer is over http_api.answer_max_size"};

// For error mode "transport".
int HttpStatusOf(const ErrorCode& error);

// {"code":107,"message":"bad request"}; with a detail: {"code":107,"message":"bad request: no user"}
void AppendErrorObject(const Failure& failure, std::string& out);

}  // namespace tidemill::api
