// What an API method may fail with, and how a backend is told: the code in the body, or the HTTP status.
#pragma once

#include <expected>
#include <string>

#include "realtime/protocol/codes.h"

namespace tidemill::api {

using protocol::ErrorCode;

// The API words this one differently from the client protocol.
inline constexpr ErrorCode kErrorNotFound{104, "not found"};

// For error mode "transport".
int HttpStatusOf(const ErrorCode& error);

// {"code":107,"message":"bad request"}
void AppendErrorObject(const ErrorCode& error, std::string& out);

}  // namespace tidemill::api
