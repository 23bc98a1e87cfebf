#include "chat/store/member.h"

#include "chat/store/names.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kRoles[] = {"readonly", "member", "moderator", "owner"};
constexpr std::string_view kLevels[] = {"all", "mentions", "none"};

}  // namespace

std::string_view Name(Role role) { return kRoles[static_cast<std::size_t>(role)]; }
std::optional<Role> ParseRole(std::string_view name) { return ParseName<Role>(kRoles, name); }
std::string_view Name(Notify level) { return kLevels[static_cast<std::size_t>(level)]; }
std::optional<Notify> ParseNotify(std::string_view name) { return ParseName<Notify>(kLevels, name); }

}  // namespace tidemill::chat
