// One message to all subscribers; the next is published when all have it.
#include <string>
#include <vector>

#include "load/crowd.h"
#include "load/messages.h"
#include "load/publisher.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr std::int64_t kRoundMax = 10'000'000'000;
constexpr double kWarmUpSeconds = 0.5;

struct Fanout {
  Crowd crowd;
  Publisher publisher;
  Messages messages;
  std::int64_t number = 0;
  std::int64_t sent_ns = 0;
  std::int64_t last_ns = 0;
  std::uint64_t checked = 0;
  std::vector<float> each_us;
  std::vector<float> last_us;

  explicit Fanout(const Options& options)
      : crowd({.port = options.port, .target = options.target, .count = options.subscribers}),
        publisher(options, crowd),
        messages(options.target, options.payload_bytes) {
    crowd.Open();
    crowd.on_bytes = [this](std::size_t, std::size_t) {
      last_ns = Now();
      each_us.push_back(static_cast<float>(last_ns - sent_ns) / 1e3F);
    };
    crowd.on_frame = [this](std::size_t, std::string_view payload) {
      if (ReadStamp(payload).number != number)
        Die("not the message that was published: " + std::string(payload));
      ++checked;
    };
  }

  // False if not all of them got it in time.
  bool Round() {
    std::string frame;
    const std::uint64_t expected = crowd.bytes() + crowd.size() * messages.delivered_bytes();
    ++number;
    sent_ns = Now();
    messages.AppendPublish({.number = number, .time_ns = sent_ns}, frame);
    publisher.Send(frame);
    while (crowd.bytes() < expected) {
      crowd.Receive(kRoundMax);
      if (Now() - sent_ns > kRoundMax) return false;
    }
    if (crowd.bytes() != expected) Die("a push of another size than expected; is the channel plain?");
    last_us.push_back(static_cast<float>(last_ns - sent_ns) / 1e3F);
    return true;
  }

  bool Rounds(double seconds) {
    const std::int64_t end = Now() + static_cast<std::int64_t>(seconds * 1e9);
    while (Now() < end) {
      if (!Round()) return false;
    }
    return true;
  }
};

}  // namespace

void RunFanout(const Options& options, Report& report) {
  Fanout fanout(options);
  if (!fanout.Rounds(kWarmUpSeconds)) {
    report.Void("not every subscriber got every message while warming up");
    return;
  }
  fanout.each_us.clear();
  fanout.last_us.clear();
  fanout.checked = 0;
  fanout.crowd.ResetBytes();
  const Stretch stretch(options);
  if (!fanout.Rounds(options.seconds)) report.Void("not every subscriber got every message");
  const double deliveries =
      static_cast<double>(fanout.crowd.bytes()) / static_cast<double>(fanout.messages.delivered_bytes());
  stretch.AddTo(report, "cpu_us_per_delivery", deliveries);
  report.Add("deliveries", deliveries);
  report.Add("deliveries_per_s", deliveries / stretch.Seconds());
  report.Add("delivered_bytes", static_cast<double>(fanout.messages.delivered_bytes()));
  report.Add("frames_read", static_cast<double>(fanout.checked));
  report.AddTimes("last", fanout.last_us);
  report.AddTimes("delivery", fanout.each_us);
}

}  // namespace load
