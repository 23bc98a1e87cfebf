#include "jobs/engine/testing/harness.h"

#include <algorithm>

namespace tidemill::jobs::testing {

job::Job MakeJob(std::string_view jid, std::string_view members) {
  std::string text = R"({"jid":")" + std::string(jid) + R"(","jobtype":"Test","args":[])";
  if (!members.empty()) text += "," + std::string(members);
  text += "}";
  auto job = job::ParseJob(text, WallTime{1'800'000'000'000});
  TM_ASSERT(job.has_value());
  return *std::move(job);
}

EngineHarness::EngineHarness(std::shared_ptr<MemoryTables> tables, EngineOptions options, WallTime wall)
    : clock(wall),
      loop(*net::Loop::Open({.clock = &clock})),
      store(*loop, std::move(tables)),
      engine(*loop, store, std::move(options)) {
  engine.Start();
  Turns(100);
}

void EngineHarness::Turns(int count) {
  for (int i = 0; i < count; ++i) loop->RunOnce(Duration{0});
}

net::Micros EngineHarness::LongestTurn(const std::function<bool()>& done) {
  constexpr int kTurnsMax = 100'000;
  net::Micros longest = 0;
  for (int i = 0; !done(); ++i) {
    TM_ASSERT(i < kTurnsMax);
    const net::Micros begun = net::ThreadCpuMicros();
    Turns(1);
    longest = std::max(longest, net::ThreadCpuMicros() - begun);
  }
  return longest;
}

void EngineHarness::Advance(Duration by) {
  constexpr Duration kStep = Milliseconds(500);
  while (by.ms > 0) {
    const Duration step = by.ms > Minutes(5).ms ? Minutes(1) : std::min(by, kStep);
    clock.Advance(step);
    by.ms -= step.ms;
    Turns();
  }
}

void EngineHarness::BeginToStop() {
  scope.Spawn([](EngineHarness& self) -> Task<void> {
    co_await self.engine.Stop();
    self.is_stopped = true;
  }(*this));
  Turns();
}

Result<> EngineHarness::Commit() { return Run(engine.Committed()); }

void EngineHarness::Push(std::string_view jid, std::string_view members) {
  TM_ASSERT(engine.Push(MakeJob(jid, members)).has_value());
  TM_ASSERT(Commit().has_value());
}

Fetched::Fetched(Engine& engine, std::string wid, std::vector<std::string> queues)
    : engine_(engine), wid_(std::move(wid)), queues_(std::move(queues)) {
  asked = Ask();
}

Result<> Fetched::Ask() { return engine_.Fetch(*this, wid_, queues_); }

void Fetched::OnJob(const Reserved& job) {
  jobs.push_back({.jid = std::string(job.jid),
                  .queue = std::string(job.queue),
                  .type = std::string(job.type),
                  .text = std::string(job.text),
                  .attempt = job.attempt});
}

std::vector<std::string> Fetched::jids() const {
  std::vector<std::string> all;
  for (const Got& got : jobs) all.push_back(got.jid);
  return all;
}

}  // namespace tidemill::jobs::testing
