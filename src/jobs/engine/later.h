// Later: the jobs whose time comes next, in its order: scheduled ones and retries.
//
// It holds those that are due first, up to a limit; the others are in the store alone, behind `horizon`.
// Texts are kept of jobs that are due soon, as far as the budget goes; whoever takes a job without one loads
// it. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "jobs/queue/dispatcher.h"
#include "jobs/store/store.h"

namespace tidemill::jobs {

struct LaterItem {
  JobId id;
  WallTime run_at;
  Wait wait = Wait::kScheduled;
  queue::QueueId queue;
  std::string text;        // empty: the store has it
  bool in_memory = false;  // the store has it not
  WallTime stored_at{};    // Later's own: where it stands in the store, whatever has become of run_at here
};

class Later {
 public:
  static constexpr WallTime kEndOfTime{std::numeric_limits<std::int64_t>::max()};
  static constexpr Duration kSoon = Seconds(60);  // so long before its time a job's text is kept

  Later(std::size_t count_max, std::size_t text_bytes_max)
      : count_max_(count_max), text_bytes_max_(text_bytes_max) {}

  std::size_t size() const { return items_.size(); }
  std::size_t text_bytes() const { return text_bytes_; }
  // Of the texts of those that the store does not have: no budget holds for them.
  std::size_t memory_bytes() const { return memory_bytes_; }

  // What becomes due in the store behind this time is not in memory: (run_at, id) after it.
  const Store::LaterPosition& horizon() const { return horizon_; }
  bool is_complete() const { return horizon_.run_at == kEndOfTime; }

  // Keeps it if it is due before the horizon, or the store does not have it.
  void Add(LaterItem item, WallTime now);
  // One that was taken, and is due again at `at`: kept, since no page brings it again. The store has it where
  // it was before.
  void Return(LaterItem item, WallTime at);
  // False: it is not in memory.
  bool Remove(JobId id);
  const LaterItem* Find(JobId id) const;
  // False: it is not in memory, or there is no room.
  bool SetText(JobId id, std::string text);

  // When the next is due; nullopt: nothing is in memory.
  std::optional<WallTime> NextAt();
  // One that is due, the first of all; nullopt: none is.
  std::optional<LaterItem> TakeDue(WallTime now);
  // Up to `count` ids of those that are due before `until` and have no text.
  std::vector<JobId> WithoutText(WallTime until, std::size_t count) const;

  // --- Pages from the store. While one is loaded, everything that is added is kept.
  bool WantsPage() const { return !is_complete() && items_.size() < count_max_ / 2; }
  void BeginPage() { is_loading_ = true; }
  // `items` follow the horizon, and what follows them is behind `horizon`; nullopt: nothing follows them.
  // What was taken out meanwhile is left out by the caller.
  void EndPage(std::vector<LaterItem> items, std::optional<Store::LaterPosition> horizon, WallTime now);
  void AbandonPage() { is_loading_ = false; }
  // At a start: nothing is known but that the store has all.
  void Restart();

  // The wall clock was set back: what was to come in some time, and not at a certain one, comes in that time.
  void ShiftRetries(Duration by);
  // Gives what was in it, to be destroyed on any thread.
  std::shared_ptr<void> Clear();

 private:
  struct Order {
    std::int64_t run_at = 0;
    std::uint64_t id = 0;
    friend auto operator<=>(const Order&, const Order&) = default;
  };

  void Insert(LaterItem item, WallTime now);
  std::size_t& BytesOf(const LaterItem& item) { return item.in_memory ? memory_bytes_ : text_bytes_; }
  bool IsCurrent(const Order& order) const;
  void DropStale();
  void Trim();
  void Rebuild();

  std::size_t count_max_;
  std::size_t text_bytes_max_;
  std::size_t text_bytes_ = 0;
  std::size_t memory_bytes_ = 0;
  Store::LaterPosition horizon_{.run_at = kEndOfTime, .id = {}};
  bool is_loading_ = false;
  std::unordered_map<std::uint64_t, LaterItem> items_;
  std::vector<Order> heap_;  // may have some whose item is gone
};

}  // namespace tidemill::jobs
