// Which connections a method acts on: {"user":…,"client":…,"session":…}. And what failing to reach them
// means.
//
// A method that acts on connections knows all its fields: a misspelt one would make it act on more of them,
// or do more to them. Nor is the anonymous user one that was forgotten: it is asked for by name, "user":"".
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
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
    "second, those that could be reached have. A field that is not known is refused with code 107, and so is "
    "a "
    "call without user, client and session: \"user\": \"\" is the anonymous user.";

struct TargetParams {
  control::Target target;
  bool names_user = false;                   // "user" was given, if only as ""
  std::optional<std::string> unknown_field;  // the first that is not known, with the objects that it is in
};

// Reads the field if it is one of the target's.
bool ReadTarget(JsonReader& json, std::string_view key, TargetParams& params);
// Notes a field that the method does not know. `in`: the object it is in, as "disconnect."
void NoteUnknown(std::string_view key, TargetParams& params, std::string_view in = "");

// kErrorBadRequest: an unknown field, beside the target's three and `others`; nobody is named.
std::expected<control::Target, api::Failure> Checked(TargetParams params,
                                                     std::span<const std::string_view> others);

// What `method` answers when the directory failed. An internal error is written to the log, because the
// answer does not tell which nodes it was; but not kUnavailable, which each call gets while nobody can be
// reached.
api::ErrorCode CodeOfDirectory(std::string_view method, const Error& error);

// Applies the action and gives the outcome of `method`: {} when all have acted.
Task<api::Outcome> Apply(control::Directory& directory, std::string_view method, control::Target target,
                         control::Action action);

}  // namespace tidemill::methods
