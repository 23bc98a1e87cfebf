// Role: what a person may do with other people's accounts. The rules are functions of two roles, so that one
// table of tests has them all.
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemill::accounts {

// Each may what those before it may.
enum class Role : std::uint8_t { kGuest, kMember, kAdmin, kOwner };

std::string_view Name(Role role);  // "guest"
std::optional<Role> ParseRole(std::string_view name);

// Sees all users, invitations and the audit log.
bool MayManage(Role actor);
// Invites people as `role`, or makes somebody that: never above oneself.
bool MayGrant(Role actor, Role role);
// Changes, disables or resets the account of somebody who is `target` now.
bool MayChange(Role actor, Role target);

}  // namespace tidemill::accounts
