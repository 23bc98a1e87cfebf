#include "api/metrics.h"

#include <vector>

namespace tidemill::api {

ApiMetrics::ApiMetrics(metrics::Registry& registry)
    : refused(registry.AddCounter("tidemill_api_refused_total",
                                  "Requests that were refused because too many that change state run.")),
      answers_refused(registry.AddCounter("tidemill_api_answers_refused_total",
                                          "Answers that were refused because of http_api.answer_max_size.")),
      wrong_key(registry.AddCounter("tidemill_api_requests_refused_total",
                                    "Requests that were not taken up, by reason.", {{"reason", "key"}})),
      bad_request(
          registry.AddCounter("tidemill_api_requests_refused_total", "", {{"reason", "bad_request"}})),
      not_signed_in(registry.AddCounter("tidemill_api_requests_refused_total", "", {{"reason", "session"}})),
      wrong_role(registry.AddCounter("tidemill_api_requests_refused_total", "", {{"reason", "role"}})),
      registry_(registry) {}

MethodMetrics& ApiMetrics::Of(std::string_view method) {
  if (const auto found = methods_.find(method); found != methods_.end()) return found->second;
  const std::vector<double> bounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                      0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1};
  const metrics::Labels labels = {{"method", std::string(method)}};
  MethodMetrics made{.duration_seconds = registry_.AddHistogram("tidemill_api_command_duration_seconds",
                                                                "From a command that was read to its result.",
                                                                bounds, labels),
                     .errors = registry_.AddCounter("tidemill_api_command_errors_total",
                                                    "Commands that were answered with an error.", labels)};
  return methods_.emplace(method, made).first->second;
}

}  // namespace tidemill::api
