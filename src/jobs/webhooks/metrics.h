// What is counted of webhooks, for each queue while it has an endpoint.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "metrics/metrics.h"

namespace tidemill::webhooks {

enum class Outcome : std::uint8_t { kDone, kLater, kFailed, kSlowDown, kGone };
inline constexpr std::size_t kOutcomes = 5;

// Loop thread only.
class EndpointMetrics {
 public:
  EndpointMetrics(metrics::Registry& registry, const std::string& queue);
  ~EndpointMetrics() { SetRefusing(false); }
  EndpointMetrics(EndpointMetrics&&) = delete;

  void Count(Outcome outcome) { outcomes_[static_cast<std::size_t>(outcome)]->Add(); }
  void Observe(Duration took) { seconds_->Observe(static_cast<double>(took.ms) / 1000); }
  // Nothing is sent, because the endpoint fails or is gone.
  void SetRefusing(bool refusing);

 private:
  std::array<metrics::Held<metrics::Counter>, kOutcomes> outcomes_;
  metrics::Held<metrics::Histogram> seconds_;
  metrics::Held<metrics::Gauge> refusing_;
  bool is_refusing_ = false;
};

class Metrics {
 public:
  explicit Metrics(metrics::Registry& registry) : registry_(registry) {}
  EndpointMetrics Of(const std::string& queue) { return {registry_, queue}; }

 private:
  metrics::Registry& registry_;
};

}  // namespace tidemill::webhooks
