// Messages to all subscribers, a fixed number under way at once: the next is published when all have one
// more.
#include <memory>
#include <string>
#include <vector>

#include "load/crowd.h"
#include "load/messages.h"
#include "load/publisher.h"
#include "load/scenarios.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr std::int64_t kSilenceMax = 20'000'000'000;
constexpr double kWarmUpSeconds = 0.5;

struct Fanout {
  Crowd crowd;
  std::unique_ptr<Publisher> publisher;
  const int rooms;
  const std::uint64_t window;
  const std::uint64_t receivers;  // of each message
  std::vector<std::int64_t> sent_ns;
  std::uint64_t completed = 0;     // messages' worth of deliveries
  std::vector<Received> received;  // by member that is read
  std::uint64_t checked = 0;
  std::vector<float> each_us;  // of a message alone: its way to each subscriber
  std::vector<float> last_us;  // and to the last of them

  explicit Fanout(const Options& options)
      : crowd({.port = options.port,
               .target = options.target,
               .channels = options.channels,
               .rooms = options.rooms,
               .count = options.subscribers,
               .delivery_bytes = DeliveryBytes(options)}),
        publisher(MakePublisher(options, crowd)),
        rooms(options.rooms),
        window(static_cast<std::uint64_t>(options.window)),
        receivers(crowd.size() / static_cast<std::uint64_t>(rooms == 0 ? 1 : rooms)),
        received(crowd.size()) {
    crowd.Open();
    crowd.on_deliveries = [this](std::size_t) {
      if (window == 1) each_us.push_back(Since(sent_ns.back()));
    };
    crowd.on_frame = [this](std::size_t member, const Frame& frame) {
      for (const Stamp& stamp : ReadStamps(frame.payload)) Check(member, stamp, frame.payload);
    };
  }

  static float Since(std::int64_t time_ns) { return static_cast<float>(Now() - time_ns) / 1e3F; }

  // With one message under way it must be that one.
  void Check(std::size_t member, const Stamp& stamp, std::string_view payload) {
    const auto sent = static_cast<std::int64_t>(sent_ns.size());
    const std::int64_t first = window == 1 ? sent - 1 : 0;
    if (stamp.number < first || stamp.number >= sent ||
        stamp.time_ns != sent_ns[static_cast<std::size_t>(stamp.number)] ||
        !received[member].Take(stamp.number, window == 1))
      Die("not a message that was published, or not for the first time: " + std::string(payload));
    ++checked;
  }

  void Publish() {
    sent_ns.push_back(Now());
    publisher->Publish({.number = static_cast<std::int64_t>(sent_ns.size()) - 1, .time_ns = sent_ns.back()});
    publisher->Flush();
  }

  // False if the server went silent. Ends with nothing under way.
  bool Run(double seconds) {
    const std::uint64_t before = sent_ns.size();
    const std::uint64_t already = crowd.deliveries();
    const std::int64_t end = Now() + static_cast<std::int64_t>(seconds * 1e9);
    std::int64_t heard_ns = Now();
    completed = before;
    while (Now() < end || completed < sent_ns.size()) {
      while (Now() < end && sent_ns.size() - completed < window) Publish();
      crowd.Receive(kSilenceMax / 10);
      const std::uint64_t now_completed = before + (crowd.deliveries() - already) / receivers;
      if (now_completed == completed && Now() - heard_ns > kSilenceMax) return false;
      if (now_completed == completed) continue;
      completed = now_completed;
      heard_ns = Now();
      if (window == 1) last_us.push_back(Since(sent_ns.back()));
    }
    return true;
  }
};

}  // namespace

void RunFanout(const Options& options, Report& report) {
  Fanout fanout(options);
  if (!fanout.Run(kWarmUpSeconds)) {
    report.Void("not every subscriber got every message while warming up");
    return;
  }
  fanout.each_us.clear();
  fanout.last_us.clear();
  fanout.checked = 0;
  fanout.crowd.ResetCounts();
  const std::size_t before = fanout.sent_ns.size();
  const Stretch stretch(options);
  if (!fanout.Run(options.seconds)) report.Void("not every subscriber got every message");
  const auto messages = static_cast<double>(fanout.sent_ns.size() - before);
  const auto deliveries = static_cast<double>(fanout.crowd.deliveries());
  stretch.AddTo(report, "cpu_us_per_delivery", deliveries);
  report.Add("messages_per_s", messages / stretch.Seconds());
  report.Add("deliveries", deliveries);
  report.Add("deliveries_per_s", deliveries / stretch.Seconds());
  report.Add("frames_read", static_cast<double>(fanout.checked));
  report.AddTimes("last", fanout.last_us);
  report.AddTimes("delivery", fanout.each_us);
  if (deliveries != messages * static_cast<double>(fanout.receivers) || !fanout.crowd.whole())
    report.Void("deliveries are missing, or more than expected");
}

}  // namespace load
