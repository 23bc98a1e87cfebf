#include "cli/metrics_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace tidemill::cli {
namespace {

std::optional<double> NumberOf(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// Of `le="0.5"`.
std::optional<double> BoundOf(std::string_view labels) {
  constexpr std::string_view kName = "le=\"";
  const std::size_t begin = labels.rfind(kName);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view rest = labels.substr(begin + kName.size());
  return NumberOf(rest.substr(0, rest.find('"')));
}

}  // namespace

MetricsText::MetricsText(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    // The value stands behind the last blank, as nothing writes a time.
    const std::size_t blank = line.rfind(' ');
    if (line.starts_with('#') || blank == std::string_view::npos) continue;
    const std::optional<double> value = NumberOf(line.substr(blank + 1));
    if (!value) continue;
    std::string_view name = line.substr(0, blank);
    std::string_view labels;
    if (const std::size_t brace = name.find('{'); brace != std::string_view::npos && name.ends_with('}')) {
      labels = name.substr(brace + 1, name.size() - brace - 2);
      name = name.substr(0, brace);
    }
    series_[std::string(name)].push_back({.labels = std::string(labels), .value = *value});
  }
}

std::optional<double> MetricsText::Sum(std::string_view name, std::string_view label) const {
  const auto found = series_.find(name);
  if (found == series_.end()) return std::nullopt;
  std::optional<double> sum;
  for (const Series& each : found->second) {
    if (each.labels.contains(label)) sum = sum.value_or(0) + each.value;
  }
  return sum;
}

std::optional<double> MetricsText::Max(std::string_view name) const {
  const auto found = series_.find(name);
  if (found == series_.end()) return std::nullopt;
  return std::ranges::max_element(found->second, {}, &Series::value)->value;
}

std::map<double, double> MetricsText::Buckets(std::string_view histogram) const {
  std::map<double, double> buckets;
  const auto found = series_.find(std::string(histogram) + "_bucket");
  if (found == series_.end()) return buckets;
  for (const Series& each : found->second) {
    if (const auto bound = BoundOf(each.labels)) buckets[*bound] += each.value;
  }
  return buckets;
}

std::optional<double> QuantileBetween(double q, const std::map<double, double>& before,
                                      const std::map<double, double>& now) {
  const auto came = [&](const std::pair<const double, double>& bucket) {
    const auto then = before.find(bucket.first);
    return bucket.second - (then == before.end() ? 0 : then->second);
  };
  const double total = now.empty() ? 0 : came(*now.rbegin());
  if (total <= 0) return std::nullopt;
  const double rank = q * total;
  double low = 0;
  double below = 0;
  for (const auto& bucket : now) {
    const double up_to = came(bucket);
    if (up_to < rank) {
      low = bucket.first;
      below = up_to;
      continue;
    }
    if (std::isinf(bucket.first)) return low;
    return up_to == below ? bucket.first : low + (bucket.first - low) * (rank - below) / (up_to - below);
  }
  return low;
}

}  // namespace tidemill::cli
