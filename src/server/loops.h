// Loops: the event loops of the process and their threads.
//
// Main thread, but for the loops themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/result.h"
#include "net/loop.h"

namespace tidemill::server {

class Loops {
 public:
  static Result<std::unique_ptr<Loops>> Open(std::size_t count);
  ~Loops() { Stop(); }
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  std::size_t size() const { return loops_.size(); }
  net::Loop& operator[](std::size_t index) { return *loops_[index]; }
  std::vector<net::Loop*> All() const;

  // Each on a thread of its own.
  void Start();
  // Calls the function on each loop, with its index, and waits for all. They must have been started.
  void RunOnEach(const std::function<void(std::size_t index)>& function);
  // Waits for the threads' end. What lives on the loops may end after it, and must before the loops do.
  void Stop();
  // The most CPU time that one turn of any of them has taken.
  std::int64_t LongestTurnCpuMicros() const;

 private:
  Loops() = default;

  std::vector<std::unique_ptr<net::Loop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace tidemill::server
