// All connections are lost when the server goes, and come back as clients do: after a random part of a delay
// that doubles with each attempt.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "load/crowd.h"
#include "load/scenarios.h"
#include "load/usage.h"
#include "load/wire.h"

namespace load {
namespace {

// What the Centrifuge SDKs do by default.
constexpr double kDelayMin = 0.5e9;
constexpr double kDelayMax = 20e9;
constexpr std::int64_t kPatience = 90'000'000'000;

struct Storm {
  Crowd crowd;
  std::mt19937_64 random{1};
  std::int64_t begun_ns = 0;  // the first loss
  std::vector<int> attempts;
  using Due = std::pair<std::int64_t, std::size_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due;
  std::size_t refused = 0;

  explicit Storm(const Options& options)
      : crowd({.port = options.port,
               .target = options.target,
               .channels = options.channels,
               .rooms = options.rooms,
               .count = options.subscribers,
               .in_flight = options.in_flight}),
        attempts(crowd.size()) {
    crowd.Open();
    crowd.on_closed = [this](std::size_t member) { Lost(member); };
  }

  void Lost(std::size_t member) {
    if (begun_ns == 0) begun_ns = Now();
    if (attempts[member] > 0) ++refused;
    const double most =
        std::min(kDelayMax, kDelayMin * static_cast<double>(1 << std::min(attempts[member]++, 10)));
    std::uniform_real_distribution<double> delay(0, most);
    due.emplace(Now() + static_cast<std::int64_t>(delay(random)), member);
  }

  // Times from the first loss at which connections were open again.
  std::vector<float> Run() {
    const std::size_t before = crowd.opened();
    std::vector<float> back_us;
    const std::int64_t end = Now() + kPatience;
    while (back_us.size() < crowd.size() && Now() < end) {
      for (; !due.empty() && due.top().first <= Now(); due.pop()) crowd.Reopen(due.top().second);
      crowd.Receive(due.empty() ? 100'000'000
                                : std::clamp<std::int64_t>(due.top().first - Now(), 0, 100'000'000));
      while (back_us.size() < crowd.opened() - before)
        back_us.push_back(static_cast<float>(Now() - begun_ns) / 1e3F);
    }
    return back_us;
  }
};

}  // namespace

void RunStorm(const Options& options, Report& report) {
  Storm storm(options);
  std::puts("ready");
  std::fflush(stdout);
  const std::int64_t own_before = OwnCpu();
  const std::int64_t begun = Now();
  std::vector<float> back_us = storm.Run();
  const double own_share = static_cast<double>(OwnCpu() - own_before) / static_cast<double>(Now() - begun);
  report.Add("connections", static_cast<double>(storm.crowd.size()));
  report.Add("back", static_cast<double>(back_us.size()));
  report.Add("refused", static_cast<double>(storm.refused));
  report.Add("generator_cpu_share", own_share);
  if (!back_us.empty()) report.Add("back_all_us", static_cast<double>(back_us.back()));
  report.AddTimes("back", back_us);
  if (back_us.size() < storm.crowd.size()) report.Void("not all came back in time");
}

}  // namespace load
