// SubscriptionCounts: how many subscriptions each loop has to one channel.
//
// Sixteen bytes, no allocation, while one loop has any: the common case by far. Loop thread only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/assert.h"

namespace tidemill::broker {

class SubscriptionCounts {
 public:
  bool empty() const { return first_.count == 0; }

  void Add(std::size_t loop) {
    Entry* entry = Find(loop);
    if (!entry && empty()) {
      first_.loop = static_cast<std::uint32_t>(loop);
      entry = &first_;
    }
    if (!entry) {
      if (!rest_) rest_ = std::make_unique<std::vector<Entry>>();
      entry = &rest_->emplace_back(Entry{.loop = static_cast<std::uint32_t>(loop)});
    }
    ++entry->count;
  }

  void Remove(std::size_t loop) {
    Entry* entry = Find(loop);
    TM_ASSERT(entry != nullptr);
    if (--entry->count > 0 || !rest_) return;
    std::swap(*entry, rest_->back());
    rest_->pop_back();
    if (rest_->empty()) rest_.reset();
  }

  std::uint64_t total() const {
    std::uint64_t sum = first_.count;
    if (rest_) {
      for (const Entry& entry : *rest_) sum += entry.count;
    }
    return sum;
  }

  // Calls `function` with the index of each loop that has at least one.
  template <class F>
  void ForEachLoop(F function) const {
    if (empty()) return;
    function(std::size_t{first_.loop});
    if (rest_) {
      for (const Entry& entry : *rest_) function(std::size_t{entry.loop});
    }
  }

 private:
  struct Entry {
    std::uint32_t loop = 0;
    std::uint32_t count = 0;
  };

  Entry* Find(std::size_t loop) {
    if (first_.count > 0 && first_.loop == loop) return &first_;
    if (!rest_) return nullptr;
    const auto found = std::ranges::find(*rest_, loop, &Entry::loop);
    return found == rest_->end() ? nullptr : &*found;
  }

  Entry first_;  // count 0: no loop has any
  std::unique_ptr<std::vector<Entry>> rest_;
};

}  // namespace tidemill::broker
