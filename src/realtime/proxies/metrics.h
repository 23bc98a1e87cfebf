// What is counted of proxies, for each of them while it is there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "metrics/metrics.h"

namespace tidemill::proxies {

// What came of a call.
enum class Outcome : std::uint8_t {
  kResult,
  kError,        // the service refused it with an error, or a transform did
  kDisconnect,   // the same with the end of the connection
  kStatus,       // another status than 200
  kMalformed,    // the answer is not what it should be
  kTimeout,      // there was none in time
  kUnreachable,  // no connection, or it broke
  kTooManyWait,  // not asked: http.waiting_max is reached
  kBreakerOpen,  // not asked: the endpoint could not be reached just before
  kNotJson,      // not asked: the client's data do not fit
  kWithdrawn,    // not asked: the client had gone before there was a connection
};
inline constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::kWithdrawn) + 1;

// The enumerator's name without the k, in snake_case.
constexpr std::string_view NameOf(Outcome outcome) {
  constexpr std::string_view kNames[kOutcomes] = {"result",       "error",    "disconnect",  "status",
                                                  "malformed",    "timeout",  "unreachable", "too_many_wait",
                                                  "breaker_open", "not_json", "withdrawn"};
  return kNames[static_cast<std::size_t>(outcome)];
}

// Of one proxy on one loop; those of all loops are the same series. Loop thread only.
class ProxyMetrics {
 public:
  ProxyMetrics(metrics::Registry& registry, const std::string& kind, const std::string& name);

  void Begin() { in_flight_->Add(1); }
  // After Begin.
  void End(Outcome outcome, Duration took);

 private:
  std::array<metrics::Held<metrics::Counter>, kOutcomes> calls_;
  metrics::Held<metrics::Histogram> seconds_;
  metrics::Held<metrics::Gauge> in_flight_;
};

}  // namespace tidemill::proxies
