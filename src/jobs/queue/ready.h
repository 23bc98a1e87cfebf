// Ready: a queue's jobs that may run now, by priority, then in the order in which they came.
//
// It holds every job's id, and the texts of as many as the budget allows: those of later jobs are dropped,
// since the store has them, and filled in again before their turn (Wanted, Fill). Those that the store does
// not have are kept whatever the budget (IsInMemory). One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/queue/entry.h"

namespace tidemill::queue {

inline constexpr int kPriorityMax = 9;  // goes first; 1 is last
inline constexpr std::size_t kTextBytesMax = 64 << 20;

class Ready {
 public:
  explicit Ready(std::size_t text_bytes_max = kTextBytesMax) : text_bytes_max_(text_bytes_max) {}
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;

  std::size_t size() const { return size_; }
  std::size_t text_bytes() const { return text_bytes_; }
  // How many have no text.
  std::size_t without_text() const { return without_text_; }

  // `priority` is 1 to kPriorityMax.
  void PushBack(Entry entry, int priority);
  // Before all others of its priority: what was given back.
  void PushFront(Entry entry, int priority);
  std::optional<Entry> Pop();
  // What Pop would give; null: nothing. Until the next call that changes something.
  const Entry* Front() const;

  // null: it does not wait here. Looks through all of them.
  const Entry* Find(JobId id) const;

  // Goes through those that wait when it begins, in pieces; whoever comes or goes meanwhile may be left out.
  class Walk {
    friend class Ready;
    int priority = 0;       // of the line that it is in
    std::int64_t next = 0;  // positions there
    std::int64_t end = 0;
  };
  // Up to `count` of them; none: that was all.
  std::vector<Entry> Some(Walk& walk, std::size_t count) const;

  // A job near the front whose text is missing.
  struct Want {
    JobId id;
    int priority = 0;
    std::int64_t position = 0;
  };
  // Those among the next `count` jobs. Looks at no more than them.
  std::vector<Want> Wanted(std::size_t count) const;
  // Whether the job still waits and has no text; `text` is dropped otherwise, and over the budget.
  bool Fill(const Want& want, std::string text);

  // Everything leaves at once, to be destroyed on any thread: of many jobs that takes longer than a turn may.
  [[nodiscard]] std::shared_ptr<void> Clear();
  // Drops up to `count` jobs, the last to be taken first, and says how many.
  std::size_t Drop(std::size_t count);

 private:
  struct Line {
    std::deque<Entry> entries;
    std::int64_t first = 0;  // the position of the first entry: it counts pops, and pushes to the front back
  };

  Line& LineOf(int priority);
  void Admit(Entry& entry);
  void Leave(const Entry& entry);
  void Emptied(int priority);

  std::size_t text_bytes_max_;
  std::size_t size_ = 0;
  std::size_t text_bytes_ = 0;
  std::size_t without_text_ = 0;
  std::array<std::unique_ptr<Line>, kPriorityMax + 1> lines_;  // of priorities that were used
  std::uint32_t occupied_ = 0;                                 // bit p: priority p has entries
};

}  // namespace tidemill::queue
