#include "server/loops.h"

#include <algorithm>
#include <latch>
#include <utility>

namespace tidemill::server {

Result<std::unique_ptr<Loops>> Loops::Open(std::size_t count) {
  std::unique_ptr<Loops> loops(new Loops);
  for (std::size_t i = 0; i < count; ++i) {
    TM_TRY_ASSIGN(auto loop, net::Loop::Open({.index = i}));
    loops->loops_.push_back(std::move(loop));
  }
  return loops;
}

std::vector<net::Loop*> Loops::All() const {
  std::vector<net::Loop*> all;
  for (const auto& loop : loops_) all.push_back(loop.get());
  return all;
}

void Loops::Start() {
  for (const auto& loop : loops_) threads_.emplace_back([&loop] { loop->Run(); });
}

void Loops::RunOnEach(const std::function<void(std::size_t)>& function) {
  std::latch done(static_cast<std::ptrdiff_t>(loops_.size()));
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_[i]->Post([&function, &done, i] {
      function(i);
      done.count_down();
    });
  }
  done.wait();
}

std::int64_t Loops::LongestTurnCpuMicros() const {
  std::int64_t longest = 0;
  for (const auto& loop : loops_) longest = std::max(longest, loop->meter().longest_cpu());
  return longest;
}

void Loops::Stop() {
  for (const auto& loop : loops_) loop->Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace tidemill::server
