// LateWakes: how a thread that is no loop answers loops in batches.
//
//   LateWakes wakes;
//   { const LateWakes::Scope scope(wakes); reply.sender().Send(answer); }   // for each
//   wakes.Flush();
//
// What the thread posts within a Scope is seen at once by a loop that is awake; one that sleeps is woken by
// Flush, once for all of it. So a thread that shares its core with the loop is not put aside for each answer.
//
// One thread's; the loops outlive it.
#pragma once

#include <utility>
#include <vector>

namespace tidemill::net {

class Loop;

class LateWakes {
 public:
  LateWakes() = default;
  LateWakes(const LateWakes&) = delete;
  LateWakes& operator=(const LateWakes&) = delete;
  ~LateWakes() { Flush(); }

  void Flush();
  bool empty() const { return loops_.empty(); }

  class Scope {
   public:
    explicit Scope(LateWakes& wakes) : outer_(std::exchange(current_, &wakes)) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { current_ = outer_; }

   private:
    LateWakes* const outer_;
  };
  // Where this thread's work turns out to take long: flushes what is late, if anything is.
  static void FlushCurrent() {
    if (current_ != nullptr) current_->Flush();
  }

 private:
  friend class Loop;
  static thread_local constinit LateWakes* current_;

  void Add(Loop& loop);

  std::vector<Loop*> loops_;
};

}  // namespace tidemill::net
