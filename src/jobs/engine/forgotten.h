// Forgotten: memory that is not needed any more, and takes longer to destroy than a turn may: a million jobs
// when the lease is lost, or on FLUSH. Loop thread only.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "net/task_scope.h"

namespace tidemill::jobs {

class Forgotten {
 public:
  explicit Forgotten(net::Loop& loop) : loop_(loop) {}

  // Nothing in it refers to what is still used, nor to the loop: it is destroyed on another thread.
  void Add(std::shared_ptr<void> memory) { waiting_.push_back(std::move(memory)); }
  // `container` is empty afterwards.
  template <class Container>
  void Take(Container& container) {
    auto taken = std::make_shared<Container>();
    std::swap(*taken, container);
    Add(std::move(taken));
  }
  // What was added goes to that thread now.
  void Destroy();

 private:
  net::Loop& loop_;
  std::vector<std::shared_ptr<void>> waiting_;
  TaskScope scope_;
};

}  // namespace tidemill::jobs
