// What connections cost that do nothing: memory each, and CPU for pings.
#include <algorithm>
#include <string>

#include "load/crowd.h"
#include "load/protocol.h"
#include "load/scenarios.h"
#include "load/usage.h"
#include "load/wire.h"

namespace load {
namespace {

void RunFor(Crowd& crowd, double seconds) {
  const std::int64_t end = Now() + static_cast<std::int64_t>(seconds * 1e9);
  for (std::int64_t now = Now(); now < end; now = Now())
    crowd.Receive(std::min<std::int64_t>(end - now, 100'000'000));
}

}  // namespace

void RunIdle(const Options& options, Report& report) {
  constexpr double kSettleSeconds = 2;
  Crowd crowd({.port = options.port,
               .target = options.target,
               .channels = options.channels,
               .rooms = options.rooms,
               .count = options.subscribers,
               .in_flight = options.in_flight,
               .parse_every = 1});
  const Protocol protocol(options.target);
  std::uint64_t pings = 0;
  crowd.on_frame = [&](std::size_t member, const Frame& frame) {
    const std::string pong = protocol.Pong(frame);
    if (pong.empty()) Die("not a ping: " + std::string(frame.payload));
    crowd.Send(member, pong);
    ++pings;
  };
  const double count = options.subscribers;
  const Usage before = UsageOf(options.server_pids, options.server_core);
  crowd.Open();
  RunFor(crowd, kSettleSeconds);
  const Usage after = UsageOf(options.server_pids, options.server_core);
  report.Add("connections", count);
  report.Add("rss_bytes_per_connection", static_cast<double>(after.rss_bytes - before.rss_bytes) / count);
  report.Add("anonymous_bytes_per_connection",
             static_cast<double>(after.anonymous_bytes - before.anonymous_bytes) / count);
  report.Add("anonymous_bytes_before", static_cast<double>(before.anonymous_bytes));
  pings = 0;
  const Stretch stretch(options);
  RunFor(crowd, options.seconds);
  stretch.AddTo(report, "cpu_us_per_connection_second", count * stretch.Seconds());
  report.Add("pings", static_cast<double>(pings));
  const Usage end = UsageOf(options.server_pids, options.server_core);
  report.Add("anonymous_bytes_per_connection_at_end",
             static_cast<double>(end.anonymous_bytes - before.anonymous_bytes) / count);
}

}  // namespace load
