#include "queries/endpoint/metrics.h"

#include <algorithm>
#include <vector>

namespace tidemill::queries {
namespace {

const std::vector<double> kSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                      0.1,    0.25,  0.5,    1,     2.5,  5,     10};

metrics::Counter& Refused(metrics::Registry& registry, const char* reason) {
  return registry.AddCounter("tidemill_query_refused_total",
                             "Requests to endpoints that were refused before the database was asked.",
                             {{"reason", reason}});
}

}  // namespace

void EndpointMetrics::Count(int status, std::int64_t micros) {
  const auto first = static_cast<std::size_t>(std::clamp(status / 100, 2, 5));
  requests[first - 2]->Add();
  seconds->Observe(static_cast<double>(micros) / 1e6);
}

QueriesMetrics::QueriesMetrics(metrics::Registry& registry)
    : served(
          registry.AddGauge("tidemill_query_endpoints", "Endpoints of .sql files.", {{"state", "served"}})),
      broken(
          registry.AddGauge("tidemill_query_endpoints", "Endpoints of .sql files.", {{"state", "broken"}})),
      swaps(registry.AddCounter("tidemill_query_swaps_total", "How often new endpoints took over.")),
      describe_failures(registry.AddCounter("tidemill_query_describe_failures_total",
                                            "How often the database could not be asked about the queries.")),
      describe_seconds(registry.AddHistogram("tidemill_query_describe_seconds",
                                             "How long asking the database about changed queries took.",
                                             {0.01, 0.1, 1, 10, 60})),
      stale_statements(registry.AddCounter("tidemill_query_stale_statements_total",
                                           "Statements of endpoints that the database takes no longer.")),
      in_flight(registry.AddGauge("tidemill_query_requests_in_flight", "Requests to endpoints under way.")),
      refused_callers(Refused(registry, "caller")),
      refused_busy(Refused(registry, "busy")),
      refused_rate(Refused(registry, "rate")),
      registry_(registry) {}

std::shared_ptr<EndpointMetrics> QueriesMetrics::Open(const std::string& operation_id) {
  auto opened = std::make_shared<EndpointMetrics>();
  constexpr std::array<const char*, 4> kClasses = {"2xx", "3xx", "4xx", "5xx"};
  for (std::size_t i = 0; i < kClasses.size(); ++i) {
    opened->requests[i] =
        registry_.OpenCounter("tidemill_query_requests_total", "Requests to endpoints of .sql files.",
                              {{"endpoint", operation_id}, {"status", kClasses[i]}});
  }
  opened->seconds =
      registry_.OpenHistogram("tidemill_query_request_seconds", "From a request's head to its answer.",
                              kSeconds, {{"endpoint", operation_id}});
  opened->rows = registry_.OpenCounter("tidemill_query_rows_total", "Rows that the database gave.",
                                       {{"endpoint", operation_id}});
  return opened;
}

}  // namespace tidemill::queries
