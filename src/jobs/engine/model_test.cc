// A checker of what an engine promises, whatever happens: random pushes, workers, failures of commits,
// crashes, nodes that take over, and clocks that are moved; all from a seed. And bugs of a store, each of
// which it must find.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "jobs/engine/testing/faulty_store.h"
#include "jobs/engine/testing/harness.h"
#include "jobs/job/timestamp.h"

namespace tidemill::jobs {
namespace {

using testing::FaultyStore;
using testing::MakeJob;
using testing::MemoryStore;
using testing::MemoryTables;
using testing::StoreBug;
using testing::TestClock;

constexpr int kSteps = 300;
constexpr int kUniqueKeys = 4;
constexpr std::string_view kSchedule = "tick";

// What is known of a job from outside.
struct Truth {
  bool is_pushed = false;   // and that was answered
  int may_be_acked = 0;     // somebody said so
  bool is_acked = false;    // and that was answered
  bool is_refused = false;  // the push failed, and that was answered
  std::string unique_key;
};

// Knows what a commit that is waited for is about.
struct Waiter final : CommitWaiter {
  explicit Waiter(std::function<void(const Result<>&)> f) : told(std::move(f)) {}
  void OnCommit(const Result<>& result) override { told(result); }
  std::function<void(const Result<>&)> told;
};

class Checker {
 public:
  Checker(std::uint64_t seed, StoreBug bug)
      : random_(seed), bug_(bug), loop_(*net::Loop::Open({.clock = &clock_})) {
    for (int i = 0; i < 4; ++i)
      workers_.push_back(std::make_unique<Worker>(*this, "worker-" + std::to_string(i)));
    Open("a");
  }
  ~Checker() { CloseAll(); }

  int orphans_acked() const { return orphans_acked_; }
  // The first thing that must not be; empty: nothing.
  std::string Run() {
    for (int step = 0; step < kSteps && wrong_.empty(); ++step) Step();
    if (wrong_.empty()) Drain();
    return wrong_;
  }

 private:
  struct Worker final : FetchRequest {
    Worker(Checker& of, std::string name) : checker(of), wid(std::move(name)) {}
    void OnJob(const Reserved& job) override {
      asks = false;
      has.emplace_back(job.jid);
      checker.OnGiven(std::string(job.jid));
    }
    Checker& checker;
    std::string wid;
    bool asks = false;
    std::vector<std::string> has;
  };
  struct Node {
    std::unique_ptr<MemoryStore> memory;
    std::unique_ptr<FaultyStore> store;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<TaskScope> tasks;
  };

  std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }
  void Wrong(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  void Open(std::string name) {
    Node node;
    node.memory = std::make_unique<MemoryStore>(*loop_, tables_);
    node.store = std::make_unique<FaultyStore>(*node.memory, bug_);
    EngineOptions options;
    options.node = std::move(name);
    options.random = [this] { return random_(); };
    options.schedules = {{.name = std::string(kSchedule),
                          .schedule = "@every 7s",
                          .catch_up = "all",
                          .job = R"({"jobtype":"Tick","args":[]})"}};
    node.engine = std::make_unique<Engine>(*loop_, *node.store, std::move(options));
    node.tasks = std::make_unique<TaskScope>();
    node.engine->Start();
    node_ = std::move(node);
    Turns(60);
  }
  void Close(Node& node) {
    for (auto& worker : workers_) {
      node.engine->CancelFetch(*worker);
      worker->asks = false;
    }
    node.tasks.reset();
    node.engine.reset();
    node.store.reset();
    node.memory.reset();
  }
  void CloseAll() {
    if (node_.engine) Close(node_);
    if (old_.engine) Close(old_);
  }
  void Turns(int count = 12) {
    for (int i = 0; i < count; ++i) loop_->RunOnce(Duration{0});
  }
  void Advance(Duration by) {
    clock_.Advance(by);
    Turns();
  }

  void OnGiven(const std::string& jid) {
    if (jid.starts_with(kSchedule)) truths_[jid].is_pushed = true;
    const auto found = truths_.find(jid);
    if (found == truths_.end()) return Wrong(jid + " was given, and nobody pushed it");
    if (found->second.is_refused) Wrong(jid + " was given although its push was refused");
    if (found->second.is_acked) Wrong(jid + " was given although its ACK was answered");
  }
  void Wait(Engine& engine, std::function<void(const Result<>&)> told) {
    waiters_.push_back(std::make_unique<Waiter>(std::move(told)));
    engine.WaitForCommit(*waiters_.back());
  }

  void Push(Engine& engine) {
    const std::string jid = "job-" + std::to_string(10'000 + truths_.size());
    Truth& truth = truths_[jid];
    std::string members = R"("retry":1000,"custom":{"retry_schedule":[1])";
    if (Below(3) == 0) {
      truth.unique_key = "key-" + std::to_string(Below(kUniqueKeys));
      members += R"(,"unique_for":30000000,"unique_key":")" + truth.unique_key + '"';
    }
    members += '}';
    if (Below(3) == 0) {
      members += R"(,"at":")" +
                 job::ToTimestamp(clock_.WallNow() + Seconds(static_cast<std::int64_t>(Below(20)))) + '"';
    }
    if (!engine.Push(MakeJob(jid, members))) return;
    Wait(engine, [this, jid](const Result<>& result) {
      if (result) {
        truths_[jid].is_pushed = true;
        CheckUnique(jid);
      } else if (result.error().code != Errc::kNotAvailable) {  // then nobody knows
        truths_[jid].is_refused = true;
      }
    });
  }
  void CheckUnique(const std::string& jid) {
    const std::string& key = truths_[jid].unique_key;
    if (key.empty()) return;
    for (const auto& [other, truth] : truths_) {
      if (other != jid && truth.unique_key == key && truth.is_pushed && !truth.may_be_acked) {
        return Wrong(jid + " and " + other + " have the same unique key");
      }
    }
  }
  void Ack(Engine& engine, Worker& worker) {
    const std::string jid = worker.has.back();
    worker.has.pop_back();
    if (engine.MayBeOrphan(jid)) {
      ++truths_[jid].may_be_acked;
      return TasksOf(engine).Spawn(AckOrphan(engine, jid));
    }
    if (!engine.Ack(jid, "")) return;
    ++truths_[jid].may_be_acked;
    Wait(engine, [this, jid](const Result<>& result) { truths_[jid].is_acked |= result.has_value(); });
  }
  // A worker had it before the start, and says now that it is done.
  Task<void> AckOrphan(Engine& engine, std::string jid) {
    const Result<> acked = co_await engine.AckOrphan(jid, "");
    if (acked) {
      truths_[jid].is_acked = true;
      ++orphans_acked_;
    } else if (acked.error().code == Errc::kNotFound) {
      --truths_[jid].may_be_acked;
    }
  }
  static Task<void> FailOrphan(Engine& engine, std::string jid) {
    (void)co_await engine.FailOrphan(std::move(jid), {});
  }
  TaskScope& TasksOf(const Engine& engine) { return *(&engine == node_.engine.get() ? node_ : old_).tasks; }
  void Work(Engine& engine) {
    Worker& worker = *workers_[Below(workers_.size())];
    if (worker.has.empty()) {
      if (!worker.asks)
        worker.asks = engine.Fetch(worker, worker.wid, kQueues).has_value() && worker.has.empty();
      return;
    }
    switch (Below(8)) {
      case 0:
        if (engine.MayBeOrphan(worker.has.back())) {
          TasksOf(engine).Spawn(FailOrphan(engine, worker.has.back()));
        } else {
          (void)engine.Fail(worker.has.back(), {});
        }
        worker.has.pop_back();
        break;
      case 1:
        (void)engine.GiveBack(worker.has.back());
        worker.has.pop_back();
        break;
      case 2: break;  // it takes its time
      default: Ack(engine, worker); break;
    }
  }

  void Step() {
    // Who has lost the lease does not know it yet.
    Engine& engine = old_.engine && Below(2) == 0 ? *old_.engine : *node_.engine;
    switch (Below(40)) {
      case 0: node_.memory->FailCommits(1 + Below(3), {Errc::kUnavailable, "away"}); break;
      case 1: node_.memory->HoldCommits(); break;
      case 2:
      case 3: node_.memory->ReleaseCommits(); break;
      case 4: clock_.StepWall(Seconds(static_cast<std::int64_t>(Below(120)) - 60)); break;
      case 5: Crash(); break;
      case 6: StopAndStart(); break;
      case 7: TakeOver(); break;
      case 8: old_.engine ? Close(old_) : void(); break;
      case 9:
      case 10:
      case 11:
      case 12:
      case 13: Advance(Milliseconds(static_cast<std::int64_t>(Below(2000)))); break;
      default: Below(3) == 0 ? Push(engine) : Work(engine); break;
    }
    Turns(static_cast<int>(Below(4)));
  }
  void Crash() {
    CloseAll();
    Open("a");
  }
  void StopAndStart() {
    node_.memory->ReleaseCommits();
    stopping_ = false;
    TaskScope scope;
    scope.Spawn([](Engine& engine, bool& done) -> Task<void> {
      co_await engine.Stop();
      done = true;
    }(*node_.engine, stopping_));
    for (int i = 0; i < 200 && !stopping_; ++i) Turns(1);
    Crash();
  }
  // Another node takes the lease, which is over; the first cannot renew it, and does not know.
  void TakeOver() {
    if (old_.engine || !tables_->owner) return;
    for (auto& worker : workers_) {
      node_.engine->CancelFetch(*worker);
      worker->asks = false;
    }
    node_.memory->FailOthers(1'000'000, {Errc::kUnavailable, "the network is cut"});
    clock_.Advance(Seconds(11));
    tables_->owner->expires_at = WallTime{0};
    old_ = std::move(node_);
    Open("b-" + std::to_string(++nodes_));
  }

  // Everything is healed: whatever is there runs.
  void Drain() {
    Crash();
    for (auto& worker : workers_) worker->has.clear();
    for (int round = 0; round < 4000 && wrong_.empty(); ++round) {
      for (auto& worker : workers_) {
        while (!worker->has.empty()) Ack(*node_.engine, *worker);
        if (!worker->asks) {
          worker->asks =
              node_.engine->Fetch(*worker, worker->wid, kQueues).has_value() && worker->has.empty();
        }
      }
      Turns(4);
      const Counts counts = node_.engine->counts();
      if (counts.enqueued + counts.scheduled + counts.retries == 0 && counts.working == 0 && round > 100)
        break;
      // Reservations of workers that are gone run out.
      if (round > 50) Advance(round % 10 == 0 ? Seconds(60) : Milliseconds(100));
    }
    if (!node_.engine->Pause("nothing")) return Wrong("it serves nothing in the end");
    Turns(40);
    for (const auto& [jid, truth] : truths_) {
      // A crash may have come between the commit of an ACK and its answer.
      if (truth.is_pushed && !truth.may_be_acked) return Wrong(jid + " was pushed, and is lost");
    }
    CheckSchedule();
    for (int key = 0; key < kUniqueKeys; ++key) {
      const std::string jid = "last-" + std::to_string(10'000 + key);
      if (!node_.engine->Push(MakeJob(
              jid, R"("custom":{"unique_for":60,"unique_key":"key-)" + std::to_string(key) + R"("})"))) {
        return Wrong("a lock is held that nobody has: key-" + std::to_string(key));
      }
    }
  }
  // Each firing until the last was a job.
  void CheckSchedule() {
    std::int64_t first = 0;
    std::int64_t last = 0;
    for (const auto& [jid, truth] : truths_) {
      if (!jid.starts_with(kSchedule)) continue;
      const std::int64_t at = std::atoll(jid.substr(kSchedule.size() + 1).c_str());
      if (first == 0) first = at;
      last = at;
    }
    for (std::int64_t at = first; at < last; at += 7000) {
      if (!truths_.contains(std::string(kSchedule) + "-" + std::to_string(at))) {
        return Wrong("the schedule did not fire at " + std::to_string(at));
      }
    }
  }

  const std::vector<std::string> kQueues = {"default"};
  std::mt19937_64 random_;
  const StoreBug bug_;
  TestClock clock_;
  std::unique_ptr<net::Loop> loop_;
  std::shared_ptr<MemoryTables> tables_ = std::make_shared<MemoryTables>();
  std::map<std::string, Truth> truths_;
  std::vector<std::unique_ptr<Waiter>> waiters_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::string wrong_;
  int orphans_acked_ = 0;
  bool stopping_ = false;
  int nodes_ = 0;
  Node node_;
  Node old_;  // has lost the lease
};

std::uint64_t Seeds(std::uint64_t otherwise) {
  const char* const given = std::getenv("TIDEMILL_MODEL_SEEDS");
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

TEST(EngineModel, KeepsWhatItPromises) {
  log::Configure({.level = log::Level::kOff});
  int orphans_acked = 0;
  for (std::uint64_t seed = 1; seed <= Seeds(10); ++seed) {
    Checker checker(seed, StoreBug::kNone);
    EXPECT_EQ(checker.Run(), "") << "seed " << seed;
    if (HasFailure()) break;
    orphans_acked += checker.orphans_acked();
  }
  EXPECT_GT(orphans_acked, 0);
  log::Configure({});
}

TEST(EngineModel, FindsEachPlantedBug) {
  log::Configure({.level = log::Level::kOff});
  for (std::size_t bug = 1; bug < static_cast<std::size_t>(StoreBug::kCount); ++bug) {
    std::string wrong;
    std::uint64_t seed = 0;
    while (wrong.empty() && ++seed <= 40) wrong = Checker(seed, static_cast<StoreBug>(bug)).Run();
    EXPECT_NE(wrong, "") << "bug " << bug << " was not found";
    RecordProperty("bug " + std::to_string(bug), "seed " + std::to_string(seed) + ": " + wrong);
  }
  log::Configure({});
}

}  // namespace
}  // namespace tidemill::jobs
