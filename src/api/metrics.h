// What the API counts: durations and errors by method. One for all loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "metrics/metrics.h"

namespace tidemill::api {

class ApiMetrics {
 public:
  explicit ApiMetrics(metrics::Registry& registry);

  enum class Ending : std::uint8_t { kResult, kError };
  // `method`: its place in MethodNames().
  void Observe(std::size_t method, double seconds, Ending ending);

 private:
  struct Method {
    metrics::Histogram* duration_seconds;
    metrics::Counter* errors;
  };
  std::vector<Method> methods_;
};

}  // namespace tidemill::api
