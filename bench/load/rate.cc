// Messages at fixed times, whether the server keeps up or not; latency counts from the time they were
// meant for. Only the subscribers whose frames are read are woken: a generator that is woken a million times
// a second would measure itself, and on loopback the server's core pays for waking it.
#include <algorithm>
#include <memory>
#include <vector>

#include "load/crowd.h"
#include "load/messages.h"
#include "load/publisher.h"
#include "load/scenarios.h"
#include "load/usage.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr std::int64_t kTickMin = 1'000'000;
constexpr std::int64_t kSweepPeriod = 10'000'000;
constexpr std::int64_t kSlowSweepPeriod = 100'000'000;  // at a rate that fills no socket meanwhile
constexpr double kSlowRate = 1000;
constexpr std::int64_t kDrainMax = 10'000'000'000;
constexpr double kWarmUpSeconds = 1;
constexpr double kLatenessMaxUs = 5'000;
constexpr double kOwnCpuShareMax = 0.97;
constexpr double kBehindSeconds = 2;
constexpr std::int64_t kBehindMax = 1'000'000'000;
constexpr std::int64_t kSlowPatience = 3'000'000'000;

struct Stream {
  Crowd crowd;
  std::unique_ptr<Publisher> publisher;
  const double rate_per_s;
  const std::size_t rooms;
  const bool no_rooms;  // the floor sends to its connections in turn
  const bool ordered;   // messages of several callers may overtake each other
  std::int64_t sent = 0;
  std::vector<Received> received;  // by member that is read
  std::uint64_t wrong = 0;         // out of order, twice, or of another room
  std::size_t closed = 0;
  std::vector<float> latency_us;
  std::vector<float> late_us;

  Stream(const Options& options, int parse_every)
      : crowd({.port = options.port,
               .target = options.target,
               .channels = options.channels,
               .rooms = options.rooms,
               .count = options.subscribers,
               .in_flight = options.in_flight,
               .parse_every = parse_every,
               .slow = options.slow,
               .delivery_bytes = DeliveryBytes(options),
               .counting = Counting::kSwept}),
        publisher(MakePublisher(options, crowd)),
        rate_per_s(options.rate_per_s),
        rooms(options.rooms == 0 ? 1 : static_cast<std::size_t>(options.rooms)),
        no_rooms(options.target == Target::kFloor),
        ordered(options.callers <= 1),
        received(crowd.size()) {
    crowd.Open();
    crowd.on_closed = [this](std::size_t) { ++closed; };
    crowd.on_frame = [this](std::size_t member, const Frame& frame) {
      const std::int64_t now = Now();
      for (const Stamp& stamp : ReadStamps(frame.payload)) Take(member, stamp, now);
    };
  }

  void Take(std::size_t member, const Stamp& stamp, std::int64_t now) {
    const bool mine =
        stamp.number >= 0 && (no_rooms || static_cast<std::size_t>(stamp.number) % rooms == member % rooms);
    if (!mine || !received[member].Take(stamp.number, ordered)) ++wrong;
    latency_us.push_back(static_cast<float>(now - stamp.time_ns) / 1e3F);
  }

  std::uint64_t receivers() const { return crowd.readers() / rooms; }

  // Publishes for so long, then waits until nothing is missing. False if the server does not keep up: it
  // closes connections, or is seconds behind.
  bool Run(double seconds) {
    const auto tick_ns = std::max(kTickMin, static_cast<std::int64_t>(1e9 / rate_per_s));
    const std::int64_t period = rate_per_s < kSlowRate ? kSlowSweepPeriod : kSweepPeriod;
    const std::int64_t begun = Now();
    const std::int64_t first = sent;
    const std::uint64_t already = crowd.deliveries();
    const auto total = static_cast<std::int64_t>(seconds * rate_per_s);
    for (std::int64_t tick = 0; sent - first < total;) {
      const std::int64_t due = begun + tick * tick_ns;
      const std::int64_t now = Now();
      if (now < due) {
        crowd.Receive(due - now);
        continue;
      }
      ++tick;
      late_us.push_back(static_cast<float>(now - due) / 1e3F);
      const auto until =
          static_cast<std::int64_t>(static_cast<double>(tick * tick_ns) / 1e9 * rate_per_s + 0.5);
      for (const std::int64_t last = first + std::min(until, total); sent < last; ++sent)
        publisher->Publish({.number = sent, .time_ns = due});
      publisher->Flush();
      if (closed > 0 || Behind()) return false;
      crowd.Sweep(crowd.size() * static_cast<std::size_t>(std::min(tick_ns, period)) /
                      static_cast<std::size_t>(period) +
                  1);
    }
    const std::uint64_t expected = already + static_cast<std::uint64_t>(total) * receivers();
    const std::int64_t sent_ns = Now();
    const std::int64_t patience_end = sent_ns + kDrainMax;
    while (crowd.deliveries() < expected && Now() < patience_end && closed == 0) {
      crowd.Sweep(crowd.size());
      crowd.Receive(1'000'000);
    }
    return closed == 0 && Now() - sent_ns < kBehindMax;
  }

  // More messages wait for a caller than is a moment's delay.
  bool Behind() const { return static_cast<double>(publisher->waiting()) > 16 + rate_per_s * kBehindSeconds; }

  // What came is whole publications, and as many as were published.
  bool EachGotAll(std::int64_t count) const {
    const auto each = static_cast<std::uint64_t>(count) / rooms;
    const std::size_t remainder = static_cast<std::size_t>(count) % rooms;
    for (std::size_t member = crowd.size() - crowd.readers(); member < crowd.size(); ++member) {
      const std::uint64_t got = crowd.deliveries_of(member);
      if (got < each || got > each + (remainder != 0 ? 1 : 0)) return false;
    }
    return crowd.whole();
  }
};

void AddSlow(Stream& stream, const Options& options, std::int64_t rss_before, Report& report) {
  const Usage now = UsageOf(options.server_pids, options.server_core);
  std::size_t closed = 0;
  std::uint64_t bytes = 0;
  for (int member = 0; member < options.slow; ++member)
    closed += stream.crowd.DrainSlow(static_cast<std::size_t>(member), kSlowPatience, bytes) ? 1 : 0;
  report.Add("slow_closed", static_cast<double>(closed));
  report.Add("slow_bytes", static_cast<double>(bytes));
  report.Add("rss_growth_bytes", static_cast<double>(now.rss_bytes - rss_before));
}

}  // namespace

void RunRate(const Options& options, Report& report) {
  const bool read_all = options.scenario == "latency" || options.subscribers <= 64;
  Stream stream(options, read_all ? 1 : 64);
  const std::int64_t rss_before = UsageOf(options.server_pids, options.server_core).rss_bytes;
  const Stretch warm_up(options);
  bool kept_up = stream.Run(kWarmUpSeconds);
  if (kept_up) {
    stream.crowd.ResetCounts();
    stream.latency_us.clear();
    stream.late_us.clear();
  }
  const std::int64_t before = kept_up ? stream.sent : 0;
  const Stretch measured(options);
  const Stretch& stretch = kept_up ? measured : warm_up;
  const std::int64_t own_before = OwnCpu();
  kept_up = kept_up && stream.Run(options.seconds);
  const double own_share = static_cast<double>(OwnCpu() - own_before) / 1e9 / stretch.Seconds();
  const std::int64_t count = stream.sent - before;
  const auto deliveries = static_cast<double>(stream.crowd.deliveries());
  stretch.AddTo(report, "cpu_us_per_delivery", deliveries);
  report.Add("kept_up", kept_up ? 1 : 0);
  report.Add("rate_per_s", options.rate_per_s);
  report.Add("receivers", static_cast<double>(stream.receivers()));
  report.Add("messages", static_cast<double>(count));
  report.Add("deliveries", deliveries);
  report.Add("deliveries_expected", static_cast<double>(count) * static_cast<double>(stream.receivers()));
  report.Add("deliveries_per_s", deliveries / stretch.Seconds());
  report.Add("frames_read", static_cast<double>(stream.latency_us.size()));
  report.AddTimes("delivery", stream.latency_us);
  report.AddTimes("generator_late", stream.late_us);
  if (options.slow > 0) AddSlow(stream, options, rss_before, report);
  if (stream.wrong != 0) report.Void("messages came out of order, twice, or to others");
  if (!kept_up) {
    if (!options.may_drown) report.Void("the server does not keep up, or deliveries are missing");
    return;
  }
  const float late_p99_us = stream.late_us[(stream.late_us.size() - 1) * 99 / 100];
  if (!stream.EachGotAll(count)) report.Void("deliveries are missing, or more than expected");
  if (late_p99_us > kLatenessMaxUs) report.Void("the generator published late");
  if (own_share > kOwnCpuShareMax) report.Void("the generator had no CPU left");
}

}  // namespace load
