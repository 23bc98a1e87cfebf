#include "cli/target.h"

#include <utility>

namespace tidemill::cli {

std::vector<Parameter> WithTarget(Target& target, std::vector<Parameter> own) {
  own.insert(own.begin(), {"USER", &target.user, "The user's id; \"\" is the anonymous user"});
  own.push_back({"--client", &target.client, "Only this connection of the user"});
  own.push_back({"--session", &target.session, "Only this session of the user"});
  return own;
}

int ActOn(const Target& target, const ApiOptions& options, std::string_view method,
          const std::function<void(JsonWriter&)>& write_rest, std::string_view done, Io io) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("user", target.user);
  if (!target.client.empty()) json.Member("client", target.client);
  if (!target.session.empty()) json.Member("session", target.session);
  write_rest(json);
  json.EndObject();
  const auto to_text = [done](std::string_view) -> Result<std::string> { return std::string(done) + "\n"; };
  return CallApi(options, method, std::move(params), to_text, io);
}

}  // namespace tidemill::cli
