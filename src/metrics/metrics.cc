#include "metrics/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <variant>

#include "base/assert.h"

namespace tidemill::metrics {
namespace {

constexpr std::size_t kBoundsMax = 20;

constinit thread_local std::size_t current_slot = 0;

// Slots of loops have one writer each, so that a plain load and store is enough there.
template <class T>
void AddTo(std::atomic<T>& value, T by) {
  if (current_slot == 0) {
    value.fetch_add(by, std::memory_order_relaxed);
  } else {
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
}

bool IsName(std::string_view text, bool colon_allowed) {
  if (text.empty()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9' && i > 0;
    if (!letter && !digit && !(c == ':' && colon_allowed)) return false;
  }
  return true;
}

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
    TM_ASSERT(IsName(name, false) && name != "le");
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

void AppendSample(std::string& out, std::string_view name, std::string_view labels, std::string_view value) {
  if (labels.empty()) {
    fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
  } else {
    fmt::format_to(std::back_inserter(out), "{}{{{}}} {}\n", name, labels, value);
  }
}

void AppendHistogram(std::string& out, const std::string& name, const std::string& labels,
                     const Histogram& histogram) {
  const Histogram::Snapshot snapshot = histogram.Read();
  const std::string bucket_name = name + "_bucket";
  const std::string comma = labels.empty() ? "" : labels + ",";
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < snapshot.buckets.size(); ++i) {
    cumulative += snapshot.buckets[i];
    const std::string bound =
        i < histogram.bounds().size() ? Number(histogram.bounds()[i]) : std::string("+Inf");
    AppendSample(out, bucket_name, fmt::format("{}le=\"{}\"", comma, bound), fmt::to_string(cumulative));
  }
  AppendSample(out, name + "_sum", labels, Number(snapshot.sum));
  AppendSample(out, name + "_count", labels, fmt::to_string(snapshot.count));
}

}  // namespace

void SetSlot(std::size_t slot) {
  TM_ASSERT(slot < kSlots);
  current_slot = slot;
}

std::size_t CurrentSlot() { return current_slot; }

void Counter::Add(std::uint64_t by) { AddTo(slots_[current_slot].value, by); }

std::uint64_t Counter::value() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) sum += slot.value.load(std::memory_order_relaxed);
  return sum;
}

void Gauge::Add(std::int64_t by) { AddTo(slots_[current_slot].value, by); }

std::int64_t Gauge::value() const {
  std::int64_t sum = 0;
  for (const Slot& slot : slots_) sum += slot.value.load(std::memory_order_relaxed);
  return sum;
}

struct alignas(64) Histogram::Slot {
  std::array<std::atomic<std::uint64_t>, kBoundsMax + 1> buckets{};
  std::atomic<double> sum{0};
};

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), slots_(std::make_unique<Slot[]>(kSlots)) {
  TM_ASSERT(!bounds_.empty() && bounds_.size() <= kBoundsMax);
  TM_ASSERT(std::ranges::is_sorted(bounds_, std::less_equal<>{}) && std::isfinite(bounds_.back()));
}

Histogram::~Histogram() = default;

void Histogram::Observe(double value) {
  // A bound belongs to its bucket ("le"); what is above all of them, and NaN, falls into +Inf.
  const auto bound = std::ranges::find_if(bounds_, [value](double b) { return value <= b; });
  Slot& slot = slots_[current_slot];
  AddTo(slot.buckets[static_cast<std::size_t>(bound - bounds_.begin())], std::uint64_t{1});
  AddTo(slot.sum, value);
}

Histogram::Snapshot Histogram::Read() const {
  Snapshot snapshot;
  snapshot.buckets.resize(bounds_.size() + 1);
  for (const Slot& slot : std::span(slots_.get(), kSlots)) {
    for (std::size_t i = 0; i < snapshot.buckets.size(); ++i) {
      snapshot.buckets[i] += slot.buckets[i].load(std::memory_order_relaxed);
    }
    snapshot.sum += slot.sum.load(std::memory_order_relaxed);
  }
  // Counted from the buckets, not by itself: a scrape in the middle of an observation stays consistent.
  for (const std::uint64_t bucket : snapshot.buckets) snapshot.count += bucket;
  return snapshot;
}

struct Registry::Series {
  std::string labels;
  std::variant<std::monostate, std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>,
               std::function<double()>>
      value;
};

struct Registry::Family {
  std::string name;
  std::string help;
  Kind kind;
  std::vector<std::unique_ptr<Series>> series;
};

Registry::Registry() = default;
Registry::~Registry() = default;

Registry::Series& Registry::AddSeries(std::string name, std::string help, Kind kind, const Labels& labels) {
  TM_ASSERT(IsName(name, true));
  auto family = std::ranges::find_if(families_, [&name](const auto& f) { return f->name == name; });
  if (family == families_.end()) {
    families_.push_back(std::make_unique<Family>(Family{std::move(name), std::move(help), kind, {}}));
    family = families_.end() - 1;
  }
  TM_ASSERT((*family)->kind == kind);
  auto& series = (*family)->series;
  std::string text = LabelText(labels);
  TM_ASSERT(std::ranges::none_of(series, [&text](const auto& s) { return s->labels == text; }));
  series.push_back(std::make_unique<Series>(Series{std::move(text), {}}));
  return *series.back();
}

Counter& Registry::AddCounter(std::string name, std::string help, Labels labels) {
  Series& series = AddSeries(std::move(name), std::move(help), Kind::kCounter, labels);
  return *series.value.emplace<std::unique_ptr<Counter>>(std::make_unique<Counter>());
}

Gauge& Registry::AddGauge(std::string name, std::string help, Labels labels) {
  Series& series = AddSeries(std::move(name), std::move(help), Kind::kGauge, labels);
  return *series.value.emplace<std::unique_ptr<Gauge>>(std::make_unique<Gauge>());
}

Histogram& Registry::AddHistogram(std::string name, std::string help, std::vector<double> bounds,
                                  Labels labels) {
  Series& series = AddSeries(std::move(name), std::move(help), Kind::kHistogram, labels);
  return *series.value.emplace<std::unique_ptr<Histogram>>(std::make_unique<Histogram>(std::move(bounds)));
}

void Registry::AddCallback(std::string name, std::string help, Labels labels, std::function<double()> read) {
  const Kind kind = name.ends_with("_total") ? Kind::kCounter : Kind::kGauge;
  AddSeries(std::move(name), std::move(help), kind, labels).value = std::move(read);
}

std::string Registry::Text() const {
  std::string out;
  for (const auto& family : families_) {
    constexpr std::array<std::string_view, 3> kKinds = {"counter", "gauge", "histogram"};
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", family->name,
                   Escape(family->help, Quotes::kKept), family->name,
                   kKinds[static_cast<std::size_t>(family->kind)]);
    for (const auto& series : family->series) {
      if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&series->value)) {
        AppendSample(out, family->name, series->labels, fmt::to_string((*counter)->value()));
      } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&series->value)) {
        AppendSample(out, family->name, series->labels, fmt::to_string((*gauge)->value()));
      } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&series->value)) {
        AppendHistogram(out, family->name, series->labels, **histogram);
      } else if (const auto* read = std::get_if<std::function<double()>>(&series->value)) {
        AppendSample(out, family->name, series->labels, Number((*read)()));
      }
    }
  }
  return out;
}

}  // namespace tidemill::metrics
