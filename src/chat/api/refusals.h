// Refusals as clients get them: the HTTP status, the error as JSON, the error of an rpc. Functions; any
// thread.
#pragma once

#include <string>

#include "chat/store/refusal.h"
#include "http/message.h"
#include "realtime/session/verdict.h"

namespace tidemill::chat {

int StatusOf(Code code);
// {"code","message","field"?,"retry_after_ms"?}
std::string ToJson(const Refusal& refusal);
// {"error":…} with the status.
http::Response ToResponse(const Refusal& refusal);
// An error whose code is the HTTP status, and whose message is the JSON.
session::Refusal ToRpcError(const Refusal& refusal);

}  // namespace tidemill::chat
