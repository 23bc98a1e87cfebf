#include "jobs/webhooks/metrics.h"

#include <string_view>

namespace tidemill::webhooks {
namespace {

constexpr std::array<std::string_view, kOutcomes> kNames = {"done", "later", "failed", "slow_down", "gone"};

}  // namespace

EndpointMetrics::EndpointMetrics(metrics::Registry& registry, const std::string& queue)
    : seconds_(registry.OpenHistogram("tidemill_jobs_webhook_seconds", "Time until an endpoint had answered",
                                      {0.005, 0.02, 0.1, 0.5, 1, 5, 30, 120}, {{"queue", queue}})),
      refusing_(registry.OpenGauge("tidemill_jobs_webhook_stopped",
                                   "1: nothing is sent, because the endpoint fails or is gone",
                                   {{"queue", queue}})) {
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    outcomes_[i] =
        registry.OpenCounter("tidemill_jobs_webhook_requests_total", "Jobs sent, by what came of it",
                             {{"queue", queue}, {"outcome", std::string(kNames[i])}});
  }
}

void EndpointMetrics::SetRefusing(bool refusing) {
  if (refusing == is_refusing_) return;
  is_refusing_ = refusing;
  refusing_->Add(refusing ? 1 : -1);
}

}  // namespace tidemill::webhooks
