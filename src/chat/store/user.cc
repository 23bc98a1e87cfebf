#include "chat/store/user.h"

#include "chat/store/names.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kRoles[] = {"guest", "member", "admin", "owner"};
constexpr std::string_view kPresences[] = {"online", "away", "dnd"};

}  // namespace

std::string_view Name(WorkspaceRole role) { return kRoles[static_cast<std::size_t>(role)]; }
std::optional<WorkspaceRole> ParseWorkspaceRole(std::string_view name) {
  return ParseName<WorkspaceRole>(kRoles, name);
}
std::string_view Name(Presence presence) { return kPresences[static_cast<std::size_t>(presence)]; }
std::optional<Presence> ParsePresence(std::string_view name) { return ParseName<Presence>(kPresences, name); }

}  // namespace tidemill::chat
