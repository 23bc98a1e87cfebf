// Prometheus' text format, as /metrics gives it, as values. Immutable; any thread.
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::cli {

class MetricsText {
 public:
  // Lines that are none of the format are passed over.
  explicit MetricsText(std::string_view text);

  bool empty() const { return series_.empty(); }
  // Of the series of that name whose labels contain `label`, such as `state="done"`, all of them when it is
  // "". nullopt: there is none.
  std::optional<double> Sum(std::string_view name, std::string_view label = "") const;
  std::optional<double> Max(std::string_view name) const;
  // How many fell into each bucket of a histogram up to its bound, of all its series together.
  std::map<double, double> Buckets(std::string_view histogram) const;

 private:
  struct Series {
    std::string labels;  // as written: `a="b",c="d"`
    double value = 0;
  };
  std::map<std::string, std::vector<Series>, std::less<>> series_;
};

// Of what came between two readings of a histogram, as Prometheus' histogram_quantile. nullopt: nothing came.
std::optional<double> QuantileBetween(double q, const std::map<double, double>& before,
                                      const std::map<double, double>& now);

}  // namespace tidemill::cli
