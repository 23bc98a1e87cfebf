// Messages at fixed times, whether the server keeps up or not; latency counts from the time they were
// meant for. Only the subscribers whose frames are read are woken: a generator that is woken a million times
// a second would measure itself, and on loopback the server's core pays for waking it.
#include <algorithm>
#include <string>
#include <vector>

#include "load/crowd.h"
#include "load/messages.h"
#include "load/publisher.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr std::int64_t kTickMin = 1'000'000;
constexpr std::int64_t kSweepPeriod = 10'000'000;
constexpr std::int64_t kDrainMax = 10'000'000'000;
constexpr double kWarmUpSeconds = 1;
constexpr double kLatenessMaxUs = 5'000;
constexpr double kOwnCpuShareMax = 0.97;

struct Stream {
  Crowd crowd;
  Publisher publisher;
  Messages messages;
  double rate_per_s;
  std::int64_t sent = 0;
  std::vector<std::int64_t> next;  // by member: the number of the message that must come now
  std::uint64_t out_of_order = 0;
  std::vector<float> latency_us;
  std::vector<float> late_us;

  Stream(const Options& options, int parse_every)
      : crowd({.port = options.port,
               .target = options.target,
               .count = options.subscribers,
               .parse_every = parse_every,
               .counting = Counting::kSwept}),
        publisher(options, crowd),
        messages(options.target, options.payload_bytes),
        rate_per_s(options.rate_per_s),
        next(crowd.size()) {
    crowd.Open();
    crowd.on_frame = [this](std::size_t member, std::string_view payload) {
      const Stamp stamp = ReadStamp(payload);
      if (stamp.number != next[member]) ++out_of_order;
      next[member] = stamp.number + 1;
      latency_us.push_back(static_cast<float>(Now() - stamp.time_ns) / 1e3F);
    };
  }

  // Publishes for so long, then waits until nothing is missing. False if something stays missing.
  bool Run(double seconds) {
    const auto tick_ns = std::max(kTickMin, static_cast<std::int64_t>(1e9 / rate_per_s));
    const std::int64_t begun = Now();
    const std::int64_t first = sent;
    const auto total = static_cast<std::int64_t>(seconds * rate_per_s);
    std::string batch;
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
      batch.clear();
      for (const std::int64_t last = first + std::min(until, total); sent < last; ++sent) {
        messages.AppendPublish({.number = sent, .time_ns = due}, batch);
      }
      publisher.Send(batch);
      crowd.Sweep(crowd.size() * static_cast<std::size_t>(std::min(tick_ns, kSweepPeriod)) / kSweepPeriod +
                  1);
    }
    const std::uint64_t expected =
        static_cast<std::uint64_t>(total) * crowd.size() * messages.delivered_bytes();
    const std::int64_t patience_end = Now() + kDrainMax;
    while (crowd.bytes() < expected && Now() < patience_end) {
      crowd.Sweep(crowd.size());
      crowd.Receive(1'000'000);
    }
    return crowd.bytes() == expected;
  }

  // Each member's bytes are whole frames, and as many as were published.
  bool EachGotAll(std::int64_t count) const {
    for (std::size_t member = 0; member < crowd.size(); ++member) {
      if (crowd.bytes_of(member) != static_cast<std::uint64_t>(count) * messages.delivered_bytes())
        return false;
    }
    return true;
  }
};

}  // namespace

void RunRate(const Options& options, Report& report) {
  const bool read_all = options.scenario == "latency" || options.subscribers <= 64;
  Stream stream(options, read_all ? 1 : 64);
  if (!stream.Run(kWarmUpSeconds)) {
    report.Void("deliveries are missing after warming up");
    return;
  }
  stream.crowd.ResetBytes();
  stream.latency_us.clear();
  stream.late_us.clear();
  const std::int64_t before = stream.sent;
  const Stretch stretch(options);
  const std::int64_t own_before = OwnCpu();
  const bool whole = stream.Run(options.seconds);
  const double own_share = static_cast<double>(OwnCpu() - own_before) / 1e9 / stretch.Seconds();
  const std::int64_t count = stream.sent - before;
  const double deliveries =
      static_cast<double>(stream.crowd.bytes()) / static_cast<double>(stream.messages.delivered_bytes());
  stretch.AddTo(report, "cpu_us_per_delivery", deliveries);
  report.Add("rate_per_s", options.rate_per_s);
  report.Add("messages", static_cast<double>(count));
  report.Add("deliveries", deliveries);
  report.Add("deliveries_expected", static_cast<double>(count) * static_cast<double>(stream.crowd.size()));
  report.Add("deliveries_per_s", deliveries / stretch.Seconds());
  report.Add("delivered_bytes", static_cast<double>(stream.messages.delivered_bytes()));
  report.Add("frames_read", static_cast<double>(stream.latency_us.size()));
  report.AddTimes("delivery", stream.latency_us);
  report.AddTimes("generator_late", stream.late_us);
  const float late_p99_us = stream.late_us[(stream.late_us.size() - 1) * 99 / 100];
  if (!whole || !stream.EachGotAll(count)) report.Void("deliveries are missing, or more than expected");
  if (stream.out_of_order != 0) report.Void("messages came out of order, or one was missing");
  if (late_p99_us > kLatenessMaxUs) report.Void("the generator published late");
  if (own_share > kOwnCpuShareMax) report.Void("the generator had no CPU left");
}

}  // namespace load
