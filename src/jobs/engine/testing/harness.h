// EngineHarness: an engine on a store in memory, with a clock that a test moves, for tests of what stands on
// it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/engine/engine.h"
#include "jobs/store/testing/memory_store.h"
#include "net/loop.h"
#include "net/testing/run_task.h"
#include "net/turn_meter.h"

namespace tidemill::jobs::testing {

// `members`: more of them, `"retry":3,"queue":"q"`.
job::Job MakeJob(std::string_view jid, std::string_view members = "");

// A clock whose two times a test can move apart.
class TestClock final : public Clock {
 public:
  static constexpr WallTime kBegin{1'800'000'000'000};
  explicit TestClock(WallTime wall = kBegin) : wall_(wall) {}
  MonotonicTime Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }
  void Advance(Duration by) {
    now_ = now_ + by;
    wall_ = wall_ + by;
  }
  void StepWall(Duration by) { wall_ = wall_ + by; }

 private:
  MonotonicTime now_{1'000'000};
  WallTime wall_;
};

struct EngineHarness {
  explicit EngineHarness(std::shared_ptr<MemoryTables> tables = std::make_shared<MemoryTables>(),
                         EngineOptions options = {}, WallTime wall = TestClock::kBegin);

  // Some turns of the loop: all that needs no time is done.
  void Turns(int count = 20);
  // The most CPU time that one of the turns until `done` takes. They come to an end.
  net::Micros LongestTurn(const std::function<bool()>& done);
  // Time passes, in steps, each with its turns.
  void Advance(Duration by);
  // What was done is committed.
  Result<> Commit();
  template <class T>
  T Run(Task<T> task);
  // A stop, as far as it comes at once; `is_stopped` says when it is done.
  void BeginToStop();
  // A push, committed.
  void Push(std::string_view jid, std::string_view members = "");

  TestClock clock;
  std::unique_ptr<net::Loop> loop;
  MemoryStore store;
  Engine engine;
  bool is_stopped = false;
  TaskScope scope;
};

// A worker's fetch, as many as it asks for, and what it got.
class Fetched final : public FetchRequest {
 public:
  struct Got {
    std::string jid;
    std::string queue;
    std::string type;
    std::string text;
    int attempt = 0;
  };

  // Asks at once.
  Fetched(Engine& engine, std::string wid, std::vector<std::string> queues);
  Result<> Ask();
  void OnJob(const Reserved& job) override;
  std::vector<std::string> jids() const;

  std::vector<Got> jobs;
  Result<> asked;

 private:
  Engine& engine_;
  const std::string wid_;
  const std::vector<std::string> queues_;
};

template <class T>
T EngineHarness::Run(Task<T> task) {
  std::optional<T> result;
  TaskScope run;
  run.Spawn(net::testing::Keep(std::move(task), result));
  for (int i = 0; i < 10'000 && !result; ++i) loop->RunOnce(Duration{0});
  TM_ASSERT(result.has_value());
  return *std::move(result);
}

}  // namespace tidemill::jobs::testing
