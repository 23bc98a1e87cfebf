#include "api/metrics.h"

#include <string>

#include "api/requests.h"

namespace tidemill::api {

ApiMetrics::ApiMetrics(metrics::Registry& registry) {
  const std::vector<double> bounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                      0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1};
  for (const std::string_view name : MethodNames()) {
    const metrics::Labels labels = {{"method", std::string(name)}};
    methods_.push_back(
        {.duration_seconds =
             &registry.AddHistogram("tidemill_api_command_duration_seconds",
                                    "From a command that was read to its result.", bounds, labels),
         .errors = &registry.AddCounter("tidemill_api_command_errors_total",
                                        "Commands that were answered with an error.", labels)});
  }
}

void ApiMetrics::Observe(std::size_t method, double seconds, Ending ending) {
  methods_[method].duration_seconds->Observe(seconds);
  if (ending == Ending::kError) methods_[method].errors->Add();
}

}  // namespace tidemill::api
