// HTTP publications over keep-alive connections, each waiting for its answer; to channels without
// subscribers, or that have one subscriber each.
#include <string>
#include <vector>

#include "load/crowd.h"
#include "load/http_publisher.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr int kCallers = 16;
constexpr int kChannels = 1000;
constexpr std::int64_t kDrainMax = 5'000'000'000;
constexpr double kWarmUpSeconds = 0.5;

void RunFor(Crowd& crowd, double seconds) {
  const std::int64_t end = Now() + static_cast<std::int64_t>(seconds * 1e9);
  while (Now() < end) crowd.Receive(10'000'000);
}

Options WithCallers(Options options) {
  if (options.callers == 0) options.callers = kCallers;
  return options;
}

}  // namespace

void RunPublish(const Options& given, Report& report) {
  const Options options = WithCallers(given);
  Crowd crowd({.port = options.port,
               .target = options.target,
               .channels = Channels::kOwn,
               .count = options.subscribers,
               .parse_every = 1});
  std::uint64_t heard = 0;
  crowd.on_frame = [&](std::size_t, const Frame& frame) { heard += ReadStamps(frame.payload).size(); };
  crowd.Open();
  HttpPublisher publisher(options, crowd, kChannels);
  std::int64_t count = 0;
  bool running = true;
  std::vector<float> times_us;
  const auto publish = [&] { publisher.Publish({.number = count++, .time_ns = Now()}); };
  publisher.on_answer = [&](std::int64_t took_ns) {
    times_us.push_back(static_cast<float>(took_ns) / 1e3F);
    if (running) publish();
  };
  for (int i = 0; i < options.callers; ++i) publish();
  RunFor(crowd, kWarmUpSeconds);
  times_us.clear();
  const Stretch stretch(options);
  RunFor(crowd, options.seconds);
  const auto answered = static_cast<double>(times_us.size());
  stretch.AddTo(report, "cpu_us_per_publish", answered);
  report.Add("publishes", answered);
  report.Add("publishes_per_s", answered / stretch.Seconds());
  report.AddTimes("answer", times_us);

  running = false;
  const std::int64_t patience_end = Now() + kDrainMax;
  std::uint64_t expected = 0;
  for (std::int64_t i = 0; i < count; ++i)
    expected += static_cast<std::size_t>(i % kChannels) < crowd.size() ? 1 : 0;
  while ((publisher.waiting() > 0 || heard < expected) && Now() < patience_end) crowd.Receive(10'000'000);
  report.Add("deliveries", static_cast<double>(heard));
  if (heard != expected) report.Void("subscribers did not get each publication once");
}

}  // namespace load
