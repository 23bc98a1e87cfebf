#include "api/role.h"

#include <array>

namespace tidemill::api {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"viewer", "operator", "admin"};

}  // namespace

std::string_view Name(Role role) { return kNames[static_cast<std::size_t>(role)]; }

std::optional<Role> ParseRole(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

}  // namespace tidemill::api
