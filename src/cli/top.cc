#include "cli/top.h"

#include <fmt/format.h>

#include <memory>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/info.h"
#include "cli/screen.h"
#include "cli/top_reading.h"
#include "cli/watching.h"

namespace tidemill::cli {
namespace {

// What the server told at once.
struct Snapshot {
  MetricsText metrics{""};
  std::string nodes;  // of `info`
  MonotonicTime at;
};

Result<Snapshot> Take(ApiClient& client) {
  Snapshot snapshot;
  snapshot.at = SystemClock().Now();
  TM_TRY_ASSIGN(const std::string text, client.Metrics());
  snapshot.metrics = MetricsText(text);
  if (snapshot.metrics.empty()) return Fail(Errc::kUnavailable, "the server's /metrics has no metrics");
  TM_TRY_ASSIGN(snapshot.nodes, client.Call("info", "{}"));
  return snapshot;
}

std::string ToJson(const Snapshot& snapshot, const TopReading& reading) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  WriteReading(reading, json);
  json.RawMember("info", snapshot.nodes);
  json.EndObject();
  std::string line;
  JsonWriter(line).RawOnOneLine(text);
  return line + "\n";
}

Result<std::string> Picture(const Snapshot& snapshot, const TopReading& reading) {
  TM_TRY_ASSIGN(const std::string nodes, NodesToText(snapshot.nodes));
  return ToText(reading) + "\n" + nodes;
}

int Follow(ApiClient& client, const WatchOptions& options, Duration every, Io io) {
  const bool in_place = !options.api.json && !options.once;
  Screen screen(io, in_place ? Screen::Mode::kInPlace : Screen::Mode::kAppended);
  Result<Snapshot> before = Take(client);
  while (before) {
    if (!screen.Wait(every)) return kDone;
    Result<Snapshot> now = Take(client);
    if (!now) return Failed(io, now.error().detail);
    const TopReading reading = ReadingOf(before->metrics, now->metrics, now->at - before->at);
    const Result<std::string> picture =
        options.api.json ? Result<std::string>(ToJson(*now, reading)) : Picture(*now, reading);
    if (!picture) return Failed(io, fmt::format("the answer is none of info: {}", picture.error().detail));
    if (!screen.Show(*picture) || options.once) return kDone;
    before = std::move(now);
  }
  return Failed(io, before.error().detail);
}

}  // namespace

CommandSpec TopCommand() {
  const auto options = std::make_shared<WatchOptions>();
  return {.name = "top",
          .help = "Shows what a server does, live: rates of this node, and all nodes; q ends it",
          .examples =
              "  tidemill top\n"
              "  tidemill top --once --json\n",
          .parameters = WatchParameters("One picture, of one second, and no more", *options),
          .settings = &options->api.settings,
          .run = [options](Io io) {
            return RunWatch(*options, io, [&](ApiClient& client, Duration every) {
              return Follow(client, *options, every, io);
            });
          }};
}

}  // namespace tidemill::cli
