#include "realtime/access/settings.h"

#include <array>
#include <string_view>

#include "config/section.h"

namespace tidemill::access {
namespace {

constexpr std::array<std::string_view, 3> kStorages = {"auto", "memory", "redis"};

constexpr config::Row<AccessSettings> kAccess[] = {
    {"storage",
     config::Of<&AccessSettings::storage>,
     {.doc =
          "Where blocked users and revoked tokens are kept: \"redis\", the broker's; \"memory\", until the "
          "server ends; \"auto\", where the broker is.",
      .choices = kStorages,
      .reload = config::Reload::kNo}},
    {"entries_max",
     config::Of<&AccessSettings::entries_max>,
     {.doc = "Blocked users and revoked tokens together; about 300 bytes each on every node.",
      .min = 1,
      .max = 10'000'000,
      .reload = config::Reload::kNo}},
};

}  // namespace

config::Section<AccessSettings> AccessSection() { return {.rows = kAccess}; }

}  // namespace tidemill::access
