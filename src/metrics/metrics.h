// Metrics: counters, gauges and histograms, and their Prometheus text form.
//
// Writing is one relaxed store into a slot that only the writing loop's thread writes; reading sums the
// slots. Register everything before the loops run; the registry outlives the loops. Names and labels follow
// the Prometheus conventions (base units, _total).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The same name with other labels is another series of the same family; `help` of the first is kept.
  // A name or label that breaks the format, a second kind for one name, or the same series twice, is a bug.
  Counter& AddCounter(std::string name, std::string help, Labels labels = {});
  Gauge& AddGauge(std::string name, std::string help, Labels labels = {});
  Histogram& AddHistogram(std::string name, std::string help, std::vector<double> bounds, Labels labels = {});
  // Asked when scraped, on the scraping thread. A counter if the name ends in _total, else a gauge.
  void AddCallback(std::string name, std::string help, Labels labels, std::function<double()> read);

  // The text exposition format, version 0.0.4. Any thread.
  std::string Text() const;

 private:
  struct Family;
  struct Series;
  enum class Kind { kCounter, kGauge, kHistogram };
  Series& AddSeries(std::string name, std::string help, Kind kind, const Labels& labels);

  std::vector<std::unique_ptr<Family>> families_;  // in the order of registration
};

}  // namespace tidemill::metrics
