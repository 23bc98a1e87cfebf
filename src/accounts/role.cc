#include "accounts/role.h"

#include <array>

namespace tidemill::accounts {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"guest", "member", "admin", "owner"};

}  // namespace

std::string_view Name(Role role) { return kNames[static_cast<std::size_t>(role)]; }

std::optional<Role> ParseRole(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

bool MayManage(Role actor) { return actor >= Role::kAdmin; }
bool MayGrant(Role actor, Role role) { return MayManage(actor) && role <= actor; }
bool MayChange(Role actor, Role target) { return MayManage(actor) && target <= actor; }

}  // namespace tidemill::accounts
