// Connections per second: TCP, upgrade, the answer to the connect command.
#include <algorithm>

#include "load/crowd.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr std::int64_t kCloseWait = 3'000'000'000;

}  // namespace

void RunConnect(const Options& options, Report& report) {
  Crowd crowd({.port = options.port,
               .target = options.target,
               .channels = Channels::kNone,
               .count = options.subscribers,
               .in_flight = options.in_flight});
  const double count = options.subscribers;
  const Stretch opening(options);
  crowd.Open();
  const double opened_s = opening.Seconds();
  opening.AddTo(report, "cpu_us_per_connect", count);
  report.Add("connections", count);
  report.Add("connections_per_s", count / opened_s);
  const Stretch closing(options);
  crowd.CloseAll();
  const std::int64_t end = Now() + kCloseWait;
  while (Now() < end) crowd.Receive(std::max<std::int64_t>(0, end - Now()));
  report.Add("cpu_us_per_close", closing.ServerCpu() / count);
}

}  // namespace load
