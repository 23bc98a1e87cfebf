#include "realtime/methods/target.h"

#include <utility>
#include <vector>

#include "api/params.h"
#include "base/log.h"
#include "realtime/broker/error_codes.h"

namespace tidemill::methods {

constinit const api::Schema kTargetSchema{"Target", R"json({
  "type": "object",
  "description": "Which connections.",
  "properties": {
    "user": {"type": "string", "description": "The user's id; empty is the anonymous user."},
    "client": {"type": "string", "description": "Only this connection."},
    "session": {"type": "string", "description": "Only this session."}
  }
})json"};

bool ReadTarget(JsonReader& json, std::string_view key, TargetParams& params) {
  control::Target& target = params.target;
  if (key == "user") {
    params.names_user = !json.SkipNull();
    if (params.names_user) target.user = json.ReadString();
    return true;
  }
  if (key == "client") return api::ReadParam(json, target.client), true;
  if (key == "session") return api::ReadParam(json, target.session), true;
  return false;
}

void NoteUnknown(std::string_view key, TargetParams& params, std::string_view in) {
  if (!params.unknown_field) params.unknown_field = std::string(in).append(key);
}

std::expected<control::Target, api::Failure> Checked(TargetParams params,
                                                     std::span<const std::string_view> others) {
  if (params.unknown_field) {
    std::vector<std::string_view> known = {"user", "client", "session"};
    known.insert(known.end(), others.begin(), others.end());
    return std::unexpected(api::UnknownField(*params.unknown_field, known));
  }
  const control::Target& target = params.target;
  if (!params.names_user && target.client.empty() && target.session.empty()) {
    return std::unexpected(
        api::Failure(protocol::kErrorBadRequest, "no user: \"user\":\"\" is the anonymous one"));
  }
  return std::move(params.target);
}

api::ErrorCode CodeOfDirectory(std::string_view method, const Error& error) {
  const api::ErrorCode code = broker::CodeOf(error, broker::Surface::kService);
  if (code == protocol::kErrorInternal) {
    log::Warn("api.command_failed",
              {{"method", method}, {"error", Name(error.code)}, {"why", std::string_view(error.detail)}});
  }
  return code;
}

Task<api::Outcome> Apply(control::Directory& directory, std::string_view method, control::Target target,
                         control::Action action) {
  const Result<void> applied = co_await directory.Apply(std::move(target), std::move(action));
  if (!applied) co_return std::unexpected(CodeOfDirectory(method, applied.error()));
  co_return "{}";
}

}  // namespace tidemill::methods
