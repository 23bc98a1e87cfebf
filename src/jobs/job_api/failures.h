// What the engine fails with, as the API says it. Pure; any thread.
#pragma once

#include <expected>

#include "api/errors.h"
#include "api/method.h"
#include "base/result.h"

namespace tidemill::jobs {

// What a call gives, or why it gives nothing.
template <class T>
using ApiResult = std::expected<T, api::Failure>;

// The detail goes on to the caller: it names the queue, the limit or the setting.
api::Failure FailureOf(const Error& error);

}  // namespace tidemill::jobs
