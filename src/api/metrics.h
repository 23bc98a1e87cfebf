// What the API counts: durations and errors by method, refused requests. One for all loops.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "metrics/metrics.h"

namespace tidemill::api {

struct MethodMetrics {
  metrics::Histogram& duration_seconds;
  metrics::Counter& errors;
};

class ApiMetrics {
 public:
  explicit ApiMetrics(metrics::Registry& registry);

  // The series of a method, which the first loop that has it registers. Before the loops run.
  MethodMetrics& Of(std::string_view method);

  metrics::Counter& refused;
  metrics::Counter& answers_refused;  // http_api.answer_max_size
  metrics::Counter& wrong_key;        // requests without a good API key
  metrics::Counter& bad_request;      // requests that could not be read
  metrics::Counter& not_signed_in;    // of people: no session, or one that is not good
  metrics::Counter& wrong_role;       // of people whose role does not do

 private:
  metrics::Registry& registry_;
  std::map<std::string, MethodMetrics, std::less<>> methods_;
};

}  // namespace tidemill::api
