#include "postgres/metrics.h"

#include <string>
#include <vector>

namespace tidemill::postgres {
namespace {

std::vector<double> Bounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
}

}  // namespace

Metrics::Metrics(metrics::Registry& registry)
    : queries(registry.AddCounter("tidemill_postgres_queries_total", "Statements PostgreSQL answered.")),
      seconds(registry.AddHistogram("tidemill_postgres_query_seconds",
                                    "Time from a statement's sending to its end.", Bounds())),
      resent(registry.AddCounter("tidemill_postgres_resent_total",
                                 "Statements sent a second time, as nothing had happened.")),
      stalls(registry.AddCounter("tidemill_postgres_stalls_total",
                                 "Statements that held up others on a shared connection.")),
      moved(registry.AddCounter("tidemill_postgres_moved_total",
                                "Reads asked again elsewhere, as their connection stood still.")),
      cancels(registry.AddCounter("tidemill_postgres_cancels_total", "Cancel requests sent.")),
      notices(registry.AddCounter("tidemill_postgres_notices_total", "Notices and warnings received.")),
      sent_bytes(registry.AddCounter("tidemill_postgres_sent_bytes_total", "Bytes sent to PostgreSQL.")),
      received_bytes(
          registry.AddCounter("tidemill_postgres_received_bytes_total", "Bytes received from PostgreSQL.")),
      connects(registry.AddCounter("tidemill_postgres_connects_total", "Connections made to PostgreSQL.")),
      disconnects(
          registry.AddCounter("tidemill_postgres_disconnects_total", "Connections to PostgreSQL ended.")),
      connect_failures(registry.AddCounter("tidemill_postgres_connect_failures_total",
                                           "Attempts to connect to PostgreSQL that failed.")),
      breaches(registry.AddCounter("tidemill_postgres_protocol_breaches_total",
                                   "Connections ended because the server broke the protocol.")),
      connections(
          registry.AddGauge("tidemill_postgres_connections", "Connections to PostgreSQL that are up.")),
      prepared(registry.AddGauge("tidemill_postgres_prepared_statements",
                                 "Prepared statements on all connections.")),
      evicted(registry.AddCounter("tidemill_postgres_prepared_evicted_total",
                                  "Prepared statements closed to make room for others.")),
      in_use(
          registry.AddGauge("tidemill_postgres_pool_in_use", "Exclusive connections lent to a caller now.")),
      idle(registry.AddGauge("tidemill_postgres_pool_idle", "Exclusive connections that nobody uses now.")),
      waiting(registry.AddGauge("tidemill_postgres_pool_waiting", "Callers that wait for a connection.")),
      wait_seconds(registry.AddHistogram("tidemill_postgres_pool_wait_seconds",
                                         "Time callers waited for a connection.", Bounds())) {
  for (std::size_t i = 0; i < kKinds; ++i) {
    const std::string kind(sql::Name(static_cast<sql::FailureKind>(i)));
    by_kind_[i] = &registry.AddCounter("tidemill_postgres_failures_total",
                                       "Statements that failed, by kind of failure.", {{"kind", kind}});
  }
}

}  // namespace tidemill::postgres
