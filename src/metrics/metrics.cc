#include "metrics/metrics.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "metrics/text.h"

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

void CheckLabels(const Labels& labels) {
  for (const auto& label : labels) TM_ASSERT(IsName(label.first, false) && label.first != "le");
}

Kind KindOfCallback(std::string_view name) {
  return name.ends_with("_total") ? Kind::kCounter : Kind::kGauge;
}

struct ReadValue {
  Value operator()(std::monostate) const { return {}; }
  Value operator()(const std::unique_ptr<Counter>& counter) const { return counter->value(); }
  Value operator()(const std::unique_ptr<Gauge>& gauge) const { return gauge->value(); }
  Value operator()(const std::unique_ptr<Histogram>& histogram) const {
    return HistogramView{.bounds = histogram->bounds(), .snapshot = histogram->Read()};
  }
  Value operator()(const std::function<double()>& read) const { return read(); }
};

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
  Family* family;
  Labels labels;
  Stored value;
  std::size_t holders = 0;  // 0: for good
  bool overflow = false;
};

struct Registry::Family {
  std::string name;
  std::string help;
  Kind kind;
  std::vector<std::unique_ptr<Series>> series;
  std::size_t open = 0;  // without the overflow

  Series* Find(const Labels& labels) const {
    const auto found = std::ranges::find(series, labels, [](const auto& s) { return s->labels; });
    return found == series.end() ? nullptr : found->get();
  }
  Series& Append(Labels labels, Stored value) {
    series.push_back(std::make_unique<Series>(
        Series{.family = this, .labels = std::move(labels), .value = std::move(value)}));
    return *series.back();
  }
};

Registry::Registry(RegistryLimits limits) : limits_(limits) {}
Registry::~Registry() = default;

Holder::~Holder() {
  if (registry_ != nullptr) registry_->Close(*static_cast<Registry::Series*>(series_));
}

Registry::Family& Registry::FamilyOf(std::string name, std::string help, Kind kind) {
  TM_ASSERT(IsName(name, true));
  auto family = std::ranges::find(families_, name, [](const auto& f) { return f->name; });
  if (family == families_.end()) {
    families_.push_back(std::make_unique<Family>(Family{std::move(name), std::move(help), kind, {}}));
    family = families_.end() - 1;
  }
  TM_ASSERT((*family)->kind == kind);
  return **family;
}

template <class T>
T& Registry::Add(std::string name, std::string help, Kind kind, Labels labels, std::unique_ptr<T> value) {
  CheckLabels(labels);
  const std::lock_guard lock(mutex_);
  Family& family = FamilyOf(std::move(name), std::move(help), kind);
  TM_ASSERT(family.Find(labels) == nullptr);
  T& added = *value;
  family.Append(std::move(labels), std::move(value));
  return added;
}

Counter& Registry::AddCounter(std::string name, std::string help, Labels labels) {
  return Add(std::move(name), std::move(help), Kind::kCounter, std::move(labels),
             std::make_unique<Counter>());
}

Gauge& Registry::AddGauge(std::string name, std::string help, Labels labels) {
  return Add(std::move(name), std::move(help), Kind::kGauge, std::move(labels), std::make_unique<Gauge>());
}

Histogram& Registry::AddHistogram(std::string name, std::string help, std::vector<double> bounds,
                                  Labels labels) {
  return Add(std::move(name), std::move(help), Kind::kHistogram, std::move(labels),
             std::make_unique<Histogram>(std::move(bounds)));
}

void Registry::AddCallback(std::string name, std::string help, Labels labels, std::function<double()> read) {
  CheckLabels(labels);
  const Kind kind = KindOfCallback(name);
  const std::lock_guard lock(mutex_);
  Family& family = FamilyOf(std::move(name), std::move(help), kind);
  TM_ASSERT(family.Find(labels) == nullptr);
  family.Append(std::move(labels), std::move(read));
}

bool Registry::IsFull(const Family& family) const {
  return family.open >= limits_.series_per_family_max || open_ >= limits_.series_max;
}

template <class T>
Held<T> Registry::Open(std::string name, std::string help, Kind kind, Labels labels,
                       std::unique_ptr<T> value) {
  CheckLabels(labels);
  const std::lock_guard lock(mutex_);
  Family& family = FamilyOf(std::move(name), std::move(help), kind);
  Series* series = family.Find(labels);
  bool overflow = false;
  if (series == nullptr && IsFull(family)) {
    overflow = true;
    labels = {{"overflow", "true"}};
    series = family.Find(labels);
  }
  if (series == nullptr) {
    series = &family.Append(std::move(labels), std::move(value));
    series->overflow = overflow;
    if (!overflow) ++family.open, ++open_;
  } else {
    TM_ASSERT(series->holders > 0);
  }
  ++series->holders;
  auto* const shared = std::get_if<std::unique_ptr<T>>(&series->value);
  TM_ASSERT(shared != nullptr);
  return Held<T>(Holder(*this, series), **shared);
}

Held<Counter> Registry::OpenCounter(std::string name, std::string help, Labels labels) {
  return Open(std::move(name), std::move(help), Kind::kCounter, std::move(labels),
              std::make_unique<Counter>());
}

Held<Gauge> Registry::OpenGauge(std::string name, std::string help, Labels labels) {
  return Open(std::move(name), std::move(help), Kind::kGauge, std::move(labels), std::make_unique<Gauge>());
}

Held<Histogram> Registry::OpenHistogram(std::string name, std::string help, std::vector<double> bounds,
                                        Labels labels) {
  return Open(std::move(name), std::move(help), Kind::kHistogram, std::move(labels),
              std::make_unique<Histogram>(std::move(bounds)));
}

Holder Registry::OpenCallback(std::string name, std::string help, Labels labels,
                              std::function<double()> read) {
  CheckLabels(labels);
  const Kind kind = KindOfCallback(name);
  const std::lock_guard lock(mutex_);
  Family& family = FamilyOf(std::move(name), std::move(help), kind);
  if (IsFull(family) || family.Find(labels) != nullptr) return {};
  Series& series = family.Append(std::move(labels), std::move(read));
  series.holders = 1;
  ++family.open, ++open_;
  return Holder(*this, &series);
}

// The family stays: a scrape between two of its series must not forget its help.
void Registry::Close(Series& series) {
  std::unique_ptr<Series> closed;  // ends after the lock: what a callback owns may hold series itself
  const std::lock_guard lock(mutex_);
  if (--series.holders > 0) return;
  Family& family = *series.family;
  if (!series.overflow) --family.open, --open_;
  const auto found = std::ranges::find(family.series, &series, &std::unique_ptr<Series>::get);
  closed = std::move(*found);
  family.series.erase(found);
}

void Registry::Visit(Visitor& visitor) const {
  const std::lock_guard lock(mutex_);
  for (const auto& family : families_) {
    if (family->series.empty()) continue;
    visitor.OnFamily({.name = family->name, .help = family->help, .kind = family->kind});
    for (const auto& series : family->series)
      visitor.OnSeries(series->labels, std::visit(ReadValue(), series->value));
  }
}

std::string Registry::Text() const { return ToText(*this); }

}  // namespace tidemill::metrics
