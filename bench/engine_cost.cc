// What the engine of jobs costs in memory, on one core, with a store that keeps nothing: a push, a fetch and
// an ACK; a fetch that waits; a job of a backlog; a restart of one. Built with TM_BENCH:
//
//   ninja -C build/release engine_cost && build/release/bench/engine_cost [JOBS]
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "jobs/engine/engine.h"
#include "jobs/store/store.h"
#include "net/async.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace {

using namespace tidemill;
using namespace tidemill::jobs;

// Answers in the next turn. A start finds `backlog` jobs.
class NoStore final : public Store {
 public:
  explicit NoStore(net::Loop& loop) : loop_(loop) {}

  Task<Result<Lease>> Acquire(LeaseRequest) override { co_return Lease{.epoch = 1}; }
  Task<Result<>> Release(LeaseRequest) override { co_return Result<>(); }
  Task<Result<std::optional<Owner>>> FindOwner() override { co_return std::nullopt; }
  Task<Result<>> Commit(std::shared_ptr<const Flush> flush) override {
    ++commits;
    rows += flush->ready.size() + flush->ready_deletes.size();
    co_await net::NextTurn(loop_);
    co_return Result<>();
  }
  Task<Result<JobId>> LastId() override { co_return JobId(backlog); }
  Task<Result<std::vector<StoredJob>>> LoadReady(JobId after, std::size_t count,
                                                 std::size_t text_bytes_max) override {
    co_await net::NextTurn(loop_);
    std::vector<StoredJob> jobs;
    for (std::uint64_t id = after.value() + 1; id <= backlog && jobs.size() < count; ++id) {
      jobs.push_back({.id = JobId(id),
                      .jid = "0123456789abcdef01234567",
                      .queue = "default",
                      .type = "SendMail",
                      .text = {}});
      if (jobs.size() * text.size() <= text_bytes_max) jobs.back().text = text;
    }
    co_return jobs;
  }
  Task<Result<std::vector<LaterEntry>>> LoadLater(LaterPosition, std::size_t) override {
    co_return std::vector<LaterEntry>();
  }
  Task<Result<std::vector<Claim>>> LoadClaims(JobId, std::size_t) override { co_return std::vector<Claim>(); }
  Task<Result<std::vector<Record>>> LoadRecords(std::string, std::string, std::size_t) override {
    co_return std::vector<Record>();
  }
  Task<Result<std::optional<Record>>> FindRecord(RecordKey) override { co_return std::nullopt; }
  Task<Result<std::vector<JobPage::Item>>> Load(Place, std::vector<JobId>) override {
    co_return std::vector<JobPage::Item>();
  }
  Task<Result<JobPage>> List(PageRequest) override { co_return JobPage(); }
  Task<Result<std::uint64_t>> Count(Place) override { co_return std::uint64_t{0}; }
  Task<Result<std::vector<InboxJob>>> LoadInbox(std::size_t) override { co_return std::vector<InboxJob>(); }
  Task<Result<>> RingForInbox(bool) override { co_return Result<>(); }
  Task<Result<std::size_t>> Sweep(WallTime, std::size_t) override { co_return std::size_t{0}; }
  Task<Result<>> Clear(std::uint64_t) override { co_return Result<>(); }

  std::uint64_t backlog = 0;
  std::string text;
  std::uint64_t commits = 0;
  std::uint64_t rows = 0;

 private:
  net::Loop& loop_;
};

std::string TextOf(std::size_t number) {
  std::string jid = "0123456789abcdef0" + std::to_string(1'000'000 + number);
  return R"({"jid":")" + jid +
         R"(","jobtype":"SendMail","args":["someone@example.com",42,)"
         R"({"template":"welcome"}],"queue":"default","retry":25,"reserve_for":1800,)"
         R"("created_at":"2026-11-27T06:29:11.123Z","custom":{"locale":"de"}})";
}

struct Waiter final : CommitWaiter {
  void OnCommit(const Result<>&) override { ++told; }
  static inline std::size_t told = 0;
};

struct Worker final : FetchRequest {
  explicit Worker(Engine& e) : engine(e) {}
  void OnJob(const Reserved& job) override {
    jid = job.jid;
    ++given;
  }
  Engine& engine;
  std::string jid;
  static inline std::size_t given = 0;
};

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::size_t HeapBytes() { return mallinfo2().uordblks; }

struct Setup {
  Setup() : loop(*net::Loop::Open({})), store(*loop) {}
  void Start() {
    engine = std::make_unique<Engine>(*loop, store, EngineOptions{});
    engine->Start();
    while (engine->problem()) loop->RunOnce(Duration{0});
  }
  std::unique_ptr<net::Loop> loop;
  NoStore store;
  std::unique_ptr<Engine> engine;
};

const std::vector<std::string> kQueues = {"default"};

// `group` at a time in one turn, as that many connections do.
void Cycle(std::size_t jobs, std::size_t group) {
  Setup s;
  s.Start();
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::unique_ptr<Waiter>> waiters;
  for (std::size_t i = 0; i < group; ++i) {
    workers.push_back(std::make_unique<Worker>(*s.engine));
    waiters.push_back(std::make_unique<Waiter>());
  }
  const double begin = Seconds();
  for (std::size_t at = 0; at < jobs; at += group) {
    for (std::size_t i = 0; i < group; ++i) {
      if (!s.engine->Push(*job::ParseJob(TextOf(at + i), WallTime{1'764'000'000'000}))) std::abort();
      s.engine->WaitForCommit(*waiters[i]);
    }
    Waiter::told = Worker::given = 0;
    for (auto& worker : workers) {
      if (!s.engine->Fetch(*worker, "worker-1", kQueues)) std::abort();
    }
    while (Waiter::told < group || Worker::given < group) s.loop->RunOnce(Duration{0});
    Waiter::told = 0;
    for (std::size_t i = 0; i < group; ++i) {
      if (!s.engine->Ack(workers[i]->jid, "")) std::abort();
      s.engine->WaitForCommit(*waiters[i]);
    }
    while (Waiter::told < group) s.loop->RunOnce(Duration{0});
  }
  std::printf("push, fetch and ACK, %4zu at a time: %6.2f us a job (parsing included), %llu commits\n", group,
              (Seconds() - begin) / static_cast<double>(jobs) * 1e6,
              static_cast<unsigned long long>(s.store.commits));
}

void WaitingFetches() {
  Setup s;
  s.Start();
  constexpr std::size_t kCount = 10'000;
  std::vector<std::unique_ptr<Worker>> workers;
  workers.reserve(kCount);
  const std::size_t before = HeapBytes();
  for (std::size_t i = 0; i < kCount; ++i) {
    workers.push_back(std::make_unique<Worker>(*s.engine));
    if (!s.engine->Fetch(*workers.back(), "worker-" + std::to_string(10'000'000 + i), kQueues)) std::abort();
  }
  std::printf("a fetch that waits: %zu bytes\n", (HeapBytes() - before) / kCount);
}

void Backlog(std::size_t jobs) {
  Setup s;
  s.Start();
  const std::size_t before = HeapBytes();
  std::size_t pushed = 0;
  const double begin = Seconds();
  while (pushed < jobs) {
    for (int i = 0; i < 1000; ++i, ++pushed) {
      if (!s.engine->Push(*job::ParseJob(TextOf(pushed), WallTime{1'764'000'000'000}))) std::abort();
    }
    const std::uint64_t commits = s.store.commits;
    while (s.store.commits == commits || s.engine->counts().enqueued < pushed) s.loop->RunOnce(Duration{0});
  }
  std::printf("a backlog of %zu: pushed in %.2f s, %zu MiB of memory (%zu bytes a job)\n", jobs,
              Seconds() - begin, (HeapBytes() - before) >> 20, (HeapBytes() - before) / jobs);
}

void Restart(std::size_t jobs) {
  Setup s;
  s.store.backlog = jobs;
  s.store.text = TextOf(1);
  const std::size_t before = HeapBytes();
  const double begin = Seconds();
  s.Start();
  std::printf("a start with %zu jobs: %.2f s (what the store takes for its pages not counted), %zu MiB\n",
              jobs, Seconds() - begin, (HeapBytes() - before) >> 20);
}

}  // namespace

int main(int argc, char** argv) {
  log::Configure({.level = log::Level::kWarn});
  const std::size_t jobs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  for (const std::size_t group : {1u, 10u, 100u, 1000u}) Cycle(std::min<std::size_t>(jobs, 200'000), group);
  WaitingFetches();
  Backlog(jobs);
  Restart(jobs);
}
