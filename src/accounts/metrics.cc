#include "accounts/metrics.h"

namespace tidemill::accounts {
namespace {

metrics::Counter& Logins(metrics::Registry& registry, const char* outcome) {
  return registry.AddCounter("tidemill_accounts_logins_total", "Log-ins, by what became of them",
                             {{"outcome", outcome}});
}

}  // namespace

Metrics::Metrics(metrics::Registry& registry)
    : logins(Logins(registry, "ok")),
      logins_wrong(Logins(registry, "wrong_credentials")),
      logins_disabled(Logins(registry, "disabled")),
      logins_throttled(Logins(registry, "throttled")),
      cross_site_refused(registry.AddCounter("tidemill_accounts_cross_site_refused_total",
                                             "Requests of other sites' pages that were refused")),
      hashes_refused(registry.AddCounter("tidemill_accounts_hashes_refused_total",
                                         "Passwords that were not looked at, as too many waited")),
      session_lookups(registry.AddCounter("tidemill_accounts_session_lookups_total",
                                          "Sessions that the database was asked for")),
      sessions_cached(registry.AddGauge("tidemill_accounts_sessions_cached",
                                        "Sessions that are known without asking the database")) {}

}  // namespace tidemill::accounts
