// Moves: which jobs changed their place while somebody reads of them in the store.
//
// Whoever reads takes a Watch, waits until all that was gathered before is written (AllWritten), reads, and
// then asks of each job whether it has moved since: if not, it is where the store said. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <unordered_set>

#include "jobs/queue/entry.h"

namespace tidemill::jobs {

class Moves {
 public:
  void Note(queue::JobId id) {
    if (!begins_.empty()) moved_.push_back(id.value());
  }

  class Watch {
   public:
    explicit Watch(Moves& moves) : moves_(moves), begin_(moves.first_ + moves.moved_.size()) {
      moves_.begins_.insert(begin_);
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() {
      moves_.begins_.erase(moves_.begins_.find(begin_));
      moves_.Trim();
    }

    // Whether the job has moved since the watch began.
    bool Moved(queue::JobId id) {
      for (; seen_ + begin_ < moves_.first_ + moves_.moved_.size(); ++seen_) {
        ids_.insert(moves_.moved_[seen_ + begin_ - moves_.first_]);
      }
      return ids_.contains(id.value());
    }

    // Whether any has.
    bool Any() const { return moves_.first_ + moves_.moved_.size() > begin_; }

   private:
    Moves& moves_;
    const std::uint64_t begin_;
    std::uint64_t seen_ = 0;
    std::unordered_set<std::uint64_t> ids_;
  };

 private:
  // Forgets what nobody who watches needs.
  void Trim() {
    const std::uint64_t needed = begins_.empty() ? first_ + moved_.size() : *begins_.begin();
    for (; first_ < needed; ++first_) moved_.pop_front();
  }

  std::uint64_t first_ = 0;  // the number of moved_.front()
  std::deque<std::uint64_t> moved_;
  std::multiset<std::uint64_t> begins_;
};

}  // namespace tidemill::jobs
