// What an API method may fail with, and how that is told: the code in the body, or the HTTP status.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/protocol/codes.h"

namespace tidemill::api {

using protocol::ErrorCode;
using Outcome = std::expected<void, ErrorCode>;

// The API words this one differently from the client protocol.
inline constexpr ErrorCode kErrorNotFound{104, "not found"};

// What the directory failed with (broker/error_codes.h). An internal error is written to the log, because the
// answer does not tell which nodes it was; but not kUnavailable, which each call gets while nobody can be
// reached.
ErrorCode CodeOfDirectory(std::string_view method, const Error& error);

// For error mode "transport".
int HttpStatusOf(const ErrorCode& error);

// {"code":107,"message":"bad request"}
void AppendErrorObject(const ErrorCode& error, std::string& out);

}  // namespace tidemill::api
