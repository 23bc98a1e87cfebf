// What dispatching a job in memory costs, and reading it, on one core. Compile by hand from the root:
//
//   clang++-19 -std=c++23 -O3 -DFMT_HEADER_ONLY -Isrc bench/queue_cost.cc
//     src/jobs/queue/{ready,dispatcher}.cc
//     src/jobs/job/{job,custom,failure,names,retry,timestamp,unique_key}.cc
//     $(ls src/base/*.cc | grep -v _test)
//     -lcrypto -o /tmp/queue_cost && /tmp/queue_cost
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "jobs/job/job.h"
#include "jobs/queue/dispatcher.h"

namespace {

using namespace tidemill;
using namespace tidemill::queue;

constexpr int kJobs = 100'000;
constexpr int kAttempts = 20;

// The best of some runs over kJobs, so that neighbours on the machine count less.
template <class Run>
void Measure(const char* name, Run run) {
  double best = 1e300;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / kJobs);
  }
  std::printf("%-58s %7.1f ns\n", name, best);
}

const std::string kText =
    R"({"jid":"0123456789abcdef01234567","jobtype":"SendMail","args":["someone@example.com",42,)"
    R"({"template":"welcome"}],"queue":"default","retry":25,"reserve_for":1800,)"
    R"("created_at":"2026-11-27T06:29:11.123Z","custom":{"locale":"de"}})";

Entry Job(std::uint64_t id) { return {.id = JobId(id), .text = kText}; }

struct Sink final : Fetcher {
  void OnJob(QueueId, Entry entry) override { last = std::move(entry); }
  Entry last;
};

long ResidentMaxKib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

int main() {
  Measure("read a job of 250 bytes (ParseJob)", [] {
    for (int i = 0; i < kJobs; ++i) {
      if (!job::ParseJob(kText, WallTime{1'764'000'000'000})) std::abort();
    }
  });
  Measure("push and fetch, through the queue", [] {
    Dispatcher dispatcher;
    const QueueId queues[] = {dispatcher.Open("default").value()};
    for (std::uint64_t i = 0; i < kJobs; ++i) dispatcher.Push(queues[0], Job(i), 5);
    for (int i = 0; i < kJobs; ++i) {
      if (!dispatcher.Fetch(queues)) std::abort();
    }
  });
  Measure("push to a fetcher that waits, which waits again", [] {
    Dispatcher dispatcher;
    const QueueId queues[] = {dispatcher.Open("default").value()};
    Sink sink;
    for (std::uint64_t i = 0; i < kJobs; ++i) {
      dispatcher.Wait(sink, queues);
      dispatcher.Push(queues[0], Job(i), 5);
    }
  });
  const long before_kib = ResidentMaxKib();
  Dispatcher dispatcher;
  const QueueId queue = dispatcher.Open("backlog").value();
  for (std::uint64_t i = 0; i < 1'000'000; ++i) dispatcher.Push(queue, Job(i), 5);
  std::printf("a backlog of 1,000,000 such jobs, %zu of them with their texts: %ld MiB\n",
              dispatcher.Jobs(queue).size() - dispatcher.Jobs(queue).without_text(),
              (ResidentMaxKib() - before_kib) / 1024);
}
