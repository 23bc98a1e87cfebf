#include "chat/people/claims.h"

#include <optional>
#include <string>

#include "base/json.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kIdBytesMax = 64;

std::optional<std::string> TextIn(JsonReader& json) {
  if (json.Peek() != JsonReader::Kind::kString) return std::nullopt;
  std::string text = json.ReadString();
  if (text.contains('\0')) return std::nullopt;
  return text;
}

}  // namespace

Outcome<Identity> IdentityOf(std::string_view user, std::string_view claims) {
  if (user.empty()) return Refuse(Code::kUnauthenticated, "chat needs a user: the token has no sub");
  if (user.size() > kIdBytesMax || user.contains('\0')) {
    return Refuse(Code::kUnauthenticated, "the id of a user has at most 64 bytes, and no character 0");
  }
  Identity identity{.id = std::string(user), .name = "", .username = ""};
  if (claims.empty()) return identity;
  JsonReader json(claims);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "name") {
      identity.name = TextIn(json).value_or("");
    } else if (*key == "username") {
      identity.username = TextIn(json).value_or("");
    } else if (*key == "role") {
      identity.role = ParseWorkspaceRole(TextIn(json).value_or("")).value_or(WorkspaceRole::kMember);
    } else if (*key == "bot" && json.Peek() == JsonReader::Kind::kBool) {
      identity.is_bot = json.ReadBool();
    }
  }
  if (!json.Finish()) return Refuse(Code::kUnauthenticated, "the claims are no JSON object");
  return identity;
}

}  // namespace tidemill::chat
