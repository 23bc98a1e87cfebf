#include "realtime/session/usage_settings.h"

#include "config/section.h"

namespace tidemill::session {
namespace {

constexpr config::Row<UsageOptions> kUsage[] = {
    {"channel_namespace_resolution",
     config::Of<&UsageOptions::by_namespace>,
     {.doc = "Counts subscriptions and publications by namespace: tidemill_namespace_….",
      .reload = config::Reload::kNo}},
    {"additional_client_names",
     config::Of<&UsageOptions::client_names>,
     {.doc =
          "Names of clients that tidemill_client_connections counts, beside those of the official clients; "
          "all others are \"other\".",
      .reload = config::Reload::kNo}},
};

}  // namespace

config::Section<UsageOptions> UsageSection() { return {.rows = kUsage}; }

}  // namespace tidemill::session
