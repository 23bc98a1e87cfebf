#include "cli/target.h"

#include <utility>

namespace tidemill::cli {

std::vector<Parameter> WithTarget(Target& target, std::vector<Parameter> own) {
  own.insert(own.begin(), {"USER", &target.user, "The user's id; \"\" is the anonymous user"});
  own.push_back({"--client", &target.client, "Only this connection of the user"});
  own.push_back({"--session", &target.session, "Only this session of the user"});
  return own;
}

void WriteTarget(const Target& target, JsonWriter& json) {
  json.Member("user", target.user);
  if (!target.client.empty()) json.Member("client", target.client);
  if (!target.session.empty()) json.Member("session", target.session);
}

}  // namespace tidemill::cli
