#include "realtime/proxies/metrics.h"

namespace tidemill::proxies {

ProxyMetrics::ProxyMetrics(metrics::Registry& registry, const std::string& kind, const std::string& name)
    : seconds_(registry.OpenHistogram(
          "tidemill_proxy_seconds", "Time until a call of a proxy had its answer or had failed",
          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
          {{"proxy", kind}, {"name", name}})),
      in_flight_(registry.OpenGauge("tidemill_proxy_in_flight",
                                    "Calls of a proxy under way, those that wait for a connection included",
                                    {{"proxy", kind}, {"name", name}})) {
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    const std::string outcome(NameOf(static_cast<Outcome>(i)));
    calls_[i] = registry.OpenCounter("tidemill_proxy_calls_total", "Calls of a proxy, by what came of them",
                                     {{"proxy", kind}, {"name", name}, {"outcome", outcome}});
  }
}

void ProxyMetrics::End(Outcome outcome, Duration took) {
  in_flight_->Sub(1);
  calls_[static_cast<std::size_t>(outcome)]->Add();
  seconds_->Observe(static_cast<double>(took.ms) / 1000);
}

}  // namespace tidemill::proxies
