// Something that keeps the server busy beside the witness, until it is told to end with SIGTERM. Says 'ready'
// when its connections are open and the first block is under way.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "load/crowd.h"
#include "load/scenarios.h"
#include "load/talkers.h"
#include "load/wire.h"

namespace load {
namespace {

constexpr std::int64_t kGreetingMax = 20'000'000'000;
constexpr std::int64_t kTurnNs = 1'000'000;

volatile std::sig_atomic_t told_to_end = 0;

std::string Contents(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) Die("cannot read " + path);
  return text.str();
}

TalkPlan PlanOf(const Options& options) {
  return {.port = options.port,
          .target = options.target,
          .connections = options.connections,
          .websocket = options.websocket,
          .token = options.token,
          .block = Contents(options.block),
          .answers = static_cast<std::size_t>(options.answers),
          .last_answer = options.last_answer,
          .blocks_per_s = options.blocks_per_s,
          .deaf = options.deaf,
          .sends_on = options.sends_on,
          .deflate = options.deflate,
          .reconnects = options.reconnects};
}

}  // namespace

void RunNeighbour(const Options& options, Report& report) {
  std::signal(SIGTERM, [](int) { told_to_end = 1; });
  std::size_t lost = 0;
  std::optional<Crowd> crowd;
  if (options.subscribers > 0) {
    crowd.emplace(CrowdPlan{.port = options.port,
                            .target = options.target,
                            .channel = options.channel,
                            .token = options.token,
                            .count = options.subscribers,
                            .in_flight = options.in_flight,
                            .parse_every = options.subscribers + 1,
                            .delivery_bytes = 1});
    crowd->Open();
    crowd->on_closed = [&lost](std::size_t) { ++lost; };
  }
  Talkers talkers(PlanOf(options));
  const std::int64_t patience_end = Now() + kGreetingMax;
  const auto at_work = [&] {
    return options.reconnects ? talkers.blocks() > 0 : talkers.talking() == options.connections;
  };
  while (!at_work() && talkers.closed() == 0) {
    talkers.Turn(kTurnNs);
    if (Now() > patience_end) Die("the server does not answer those who come");
  }
  std::puts("ready");
  std::fflush(stdout);
  const std::int64_t begun = Now();
  while (told_to_end == 0) {
    talkers.Turn(kTurnNs);
    if (crowd) crowd->Receive(0);
  }
  const double seconds = static_cast<double>(Now() - begun) / 1e9;
  report.Add("blocks_per_s", static_cast<double>(talkers.blocks()) / seconds);
  report.Add("sent_bytes_per_s", static_cast<double>(talkers.bytes_sent()) / seconds);
  report.Add("read_bytes_per_s", static_cast<double>(talkers.bytes_read()) / seconds);
  report.Add("closed", static_cast<double>(talkers.closed()));
  if (!crowd) return;
  report.Add("crowd_bytes_per_s", static_cast<double>(crowd->deliveries()) / seconds);
  report.Add("crowd_lost", static_cast<double>(lost));
}

}  // namespace load
