#include "realtime/status/settings.h"

#include <array>
#include <string_view>

#include "config/section.h"

namespace tidemill::status {
namespace {

constexpr std::array<std::string_view, 3> kStorages = {"auto", "memory", "redis"};

constexpr config::Row<StatusSettings> kStatus[] = {
    {"enabled",
     config::Of<&StatusSettings::enabled>,
     {.doc = "Keeps when each user was last active (clients say so by the rpc method update_user_status) and "
             "last online; get_user_status of the HTTP API tells.",
      .reload = config::Reload::kNo}},
    {"storage",
     config::Of<&StatusSettings::storage>,
     {.doc =
          "Where: \"redis\", the broker's; \"memory\", until the server ends; \"auto\", where the broker is.",
      .choices = kStorages,
      .reload = config::Reload::kNo}},
    {"expire_interval",
     config::Of<&StatusSettings::expire_interval>,
     {.doc = "How long a status is kept.",
      .min = config::kSecond,
      .max = 10 * config::kYear,
      .reload = config::Reload::kNo}},
    {"users_max",
     config::Of<&StatusSettings::users_max>,
     {.doc = "Of more users the oldest statuses are forgotten; about 150 bytes each.",
      .min = 100,
      .max = 1'000'000'000,
      .reload = config::Reload::kNo}},
};

}  // namespace

config::Section<StatusSettings> StatusSection() { return {.rows = kStatus}; }

}  // namespace tidemill::status
