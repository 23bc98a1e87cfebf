// Metrics: counters, gauges and histograms, and their Prometheus text form.
//
// Writing is one relaxed store into a slot that only the writing loop's thread writes; reading sums the
// slots. What is known at start is added for good; what comes and goes is opened and closed while the loops
// run. The registry outlives the loops and all that hold a series. Names and labels follow the Prometheus
// conventions (base units, _total).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tidemill::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

// The slot of the calling thread; loops call SetSlot(index + 1) when they start, other threads share slot 0.
inline constexpr std::size_t kSlots = 65;
void SetSlot(std::size_t slot);
std::size_t CurrentSlot();

class Counter {
 public:
  // Slot 0 is shared by all threads that are not loops, hence the read-modify-write there.
  void Add(std::uint64_t by = 1);
  std::uint64_t value() const;

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Slot, kSlots> slots_;
};

class Gauge {
 public:
  void Add(std::int64_t by);
  void Sub(std::int64_t by) { Add(-by); }
  std::int64_t value() const;

 private:
  struct alignas(64) Slot {
    std::atomic<std::int64_t> value{0};
  };
  std::array<Slot, kSlots> slots_;
};

// Counts observations in buckets with the given upper bounds (ascending, at most 20).
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  ~Histogram();
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void Observe(double value);
  struct Snapshot {
    std::vector<std::uint64_t> buckets;  // not cumulative; the last is +Inf
    double sum = 0;
    std::uint64_t count = 0;  // of all buckets
  };
  Snapshot Read() const;
  std::span<const double> bounds() const { return bounds_; }

 private:
  struct Slot;
  std::vector<double> bounds_;
  std::unique_ptr<Slot[]> slots_;
};

class Registry;

// Holds a series open; the last holder's end removes it. Any thread.
class Holder {
 public:
  Holder() = default;
  Holder(Holder&& other) noexcept
      : registry_(std::exchange(other.registry_, nullptr)), series_(other.series_) {}
  Holder& operator=(Holder&& other) noexcept {
    std::swap(registry_, other.registry_);
    std::swap(series_, other.series_);
    return *this;
  }
  ~Holder();

  explicit operator bool() const { return registry_ != nullptr; }

 private:
  friend class Registry;
  Holder(Registry& registry, void* series) : registry_(&registry), series_(series) {}

  Registry* registry_ = nullptr;
  void* series_ = nullptr;
};

template <class T>
class Held {
 public:
  Held() = default;
  T& operator*() const { return *value_; }
  T* operator->() const { return value_; }
  explicit operator bool() const { return static_cast<bool>(holder_); }

 private:
  friend class Registry;
  Held(Holder holder, T& value) : holder_(std::move(holder)), value_(&value) {}

  Holder holder_;
  T* value_ = nullptr;
};

// What a registry holds, as a visitor sees it.
enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram };
struct FamilyView {
  std::string_view name;
  std::string_view help;
  Kind kind = Kind::kCounter;
};
struct HistogramView {
  std::span<const double> bounds;
  Histogram::Snapshot snapshot;
};
// Of a counter, a gauge, a callback, a histogram.
using Value = std::variant<std::uint64_t, std::int64_t, double, HistogramView>;

class Visitor {
 public:
  virtual void OnFamily(const FamilyView& family) = 0;
  // One series of the family last told.
  virtual void OnSeries(const Labels& labels, const Value& value) = 0;

 protected:
  ~Visitor() = default;
};

// How many series may be open at once (Registry::Open…); those added for good are not counted.
struct RegistryLimits {
  std::size_t series_per_family_max = 500;
  std::size_t series_max = 5000;  // a counter is about 4 KiB, a histogram 12 KiB
};

// Any thread, also while loops run and a scrape goes on; one mutex, taken to add, open, close and visit. A
// callback must not do any of these.
class Registry {
 public:
  explicit Registry(RegistryLimits limits = {});
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // For good. The same name with other labels is another series of the same family; `help` of the first is
  // kept. A name or label that breaks the format, a second kind for one name, or the same series twice, is a
  // bug.
  Counter& AddCounter(std::string name, std::string help, Labels labels = {});
  Gauge& AddGauge(std::string name, std::string help, Labels labels = {});
  Histogram& AddHistogram(std::string name, std::string help, std::vector<double> bounds, Labels labels = {});
  // Asked when scraped, on the scraping thread. A counter if the name ends in _total, else a gauge.
  void AddCallback(std::string name, std::string help, Labels labels, std::function<double()> read);

  // For as long as somebody holds it: series of what comes and goes, as an endpoint, a queue or a proxy. All
  // who open the same series share it. Over a limit it is the family's series {overflow="true"}, shared by
  // all that came too late: nothing fails, and what they count is not lost.
  Held<Counter> OpenCounter(std::string name, std::string help, Labels labels);
  Held<Gauge> OpenGauge(std::string name, std::string help, Labels labels);
  Held<Histogram> OpenHistogram(std::string name, std::string help, std::vector<double> bounds,
                                Labels labels);
  // A callback, never called once the holder has let go. Of one that is over a limit, or already open,
  // nothing is held and it is never called.
  Holder OpenCallback(std::string name, std::string help, Labels labels, std::function<double()> read);

  // Every family in the order of its first series, each with its series.
  void Visit(Visitor& visitor) const;
  // The text exposition format, version 0.0.4.
  std::string Text() const;

 private:
  friend class Holder;
  struct Family;
  struct Series;
  using Stored = std::variant<std::monostate, std::unique_ptr<Counter>, std::unique_ptr<Gauge>,
                              std::unique_ptr<Histogram>, std::function<double()>>;

  Family& FamilyOf(std::string name, std::string help, Kind kind);
  template <class T>
  T& Add(std::string name, std::string help, Kind kind, Labels labels, std::unique_ptr<T> value);
  template <class T>
  Held<T> Open(std::string name, std::string help, Kind kind, Labels labels, std::unique_ptr<T> value);
  bool IsFull(const Family& family) const;
  void Close(Series& series);

  const RegistryLimits limits_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_;  // in the order of registration
  std::size_t open_ = 0;                           // series in all families, overflow not counted
};

}  // namespace tidemill::metrics
