// Which connections a method acts on: {"user":…,"client":…,"session":…}. And what failing to reach them
// means.
#pragma once

#include <string_view>

#include "api/method.h"
#include "base/json.h"
#include "base/result.h"
#include "net/task.h"
#include "realtime/control/directory.h"

namespace tidemill::methods {

extern const api::Schema kTargetSchema;
// For the descriptions of such methods.
inline constexpr std::string_view kTargetDetails =
    "With several nodes it is answered when every node has acted; code 100 says that one has not within a "
    "second, those that could be reached have.";

// Whether `key` was one of the target's and has been read.
bool ReadTarget(JsonReader& json, std::string_view key, control::Target& target);

// What `method` answers when the directory failed. An internal error is written to the log, because the
// answer does not tell which nodes it was; but not kUnavailable, which each call gets while nobody can be
// reached.
api::ErrorCode CodeOfDirectory(std::string_view method, const Error& error);

// Applies the action and gives the outcome of `method`: {} when all have acted.
Task<api::Outcome> Apply(control::Directory& directory, std::string_view method, control::Target target,
                         control::Action action);

}  // namespace tidemill::methods
