#include "metrics/text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace tidemill::metrics {
namespace {

enum class Quotes { kKept, kEscaped };

std::string Escape(std::string_view text, Quotes quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (c == '"' && quotes == Quotes::kEscaped)) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

// `a="1",b="2"`, without the braces, so that a histogram can add its own label.
std::string LabelText(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    fmt::format_to(std::back_inserter(out), "{}{}=\"{}\"", out.empty() ? "" : ",", name,
                   Escape(value, Quotes::kEscaped));
  }
  return out;
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

class TextVisitor final : public Visitor {
 public:
  std::string TakeText() { return std::move(out_); }

  void OnFamily(const FamilyView& family) override {
    constexpr std::array<std::string_view, 3> kKinds = {"counter", "gauge", "histogram"};
    name_ = family.name;
    fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name_,
                   Escape(family.help, Quotes::kKept), name_, kKinds[static_cast<std::size_t>(family.kind)]);
  }

  void OnSeries(const Labels& labels, const Value& value) override {
    labels_ = LabelText(labels);
    std::visit([this](const auto& v) { Append(v); }, value);
  }

 private:
  void Append(std::uint64_t value) { AppendSample(name_, labels_, fmt::to_string(value)); }
  void Append(std::int64_t value) { AppendSample(name_, labels_, fmt::to_string(value)); }
  void Append(double value) { AppendSample(name_, labels_, Number(value)); }

  void Append(const HistogramView& histogram) {
    const Histogram::Snapshot& snapshot = histogram.snapshot;
    const std::string bucket_name = name_ + "_bucket";
    const std::string comma = labels_.empty() ? "" : labels_ + ",";
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < snapshot.buckets.size(); ++i) {
      cumulative += snapshot.buckets[i];
      const std::string bound =
          i < histogram.bounds.size() ? Number(histogram.bounds[i]) : std::string("+Inf");
      AppendSample(bucket_name, fmt::format("{}le=\"{}\"", comma, bound), fmt::to_string(cumulative));
    }
    AppendSample(name_ + "_sum", labels_, Number(snapshot.sum));
    AppendSample(name_ + "_count", labels_, fmt::to_string(snapshot.count));
  }

  void AppendSample(std::string_view name, std::string_view labels, std::string_view value) {
    if (labels.empty()) {
      fmt::format_to(std::back_inserter(out_), "{} {}\n", name, value);
    } else {
      fmt::format_to(std::back_inserter(out_), "{}{{{}}} {}\n", name, labels, value);
    }
  }

  std::string out_;
  std::string name_;    // of the family at hand
  std::string labels_;  // of the series at hand
};

}  // namespace

std::string ToText(const Registry& registry) {
  TextVisitor visitor;
  registry.Visit(visitor);
  return visitor.TakeText();
}

}  // namespace tidemill::metrics
