#include "cli/top.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/info.h"
#include "cli/jobs/jobs_call.h"
#include "cli/screen.h"
#include "cli/top_reading.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  std::string every = "1";
  bool once = false;
};

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

int Watch(ApiClient& client, const Options& options, Duration every, Io io) {
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

int Top(const Options& options, Io io) {
  const std::optional<std::int64_t> seconds = ToWhole(options.every, 1);
  if (!seconds || *seconds > 3600) {
    return Misused(io, fmt::format("--every: \"{}\" is no number of seconds from 1 to 3600", options.every));
  }
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options.api);
  if (!client) return ReportApiError(client.error(), io);
  return Watch(**client, options, Seconds(*seconds), io);
}

}  // namespace

CommandSpec TopCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "top",
      .help = "Shows what a server does, live: rates of this node, and all nodes; q ends it",
      .examples =
          "  tidemill top\n"
          "  tidemill top --once --json\n",
      .parameters = WithApiParameters({{"--once", &options->once, "One picture, of one second, and no more"},
                                       {"--every", &options->every, "Seconds from one to the next"}},
                                      options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return Top(*options, io); }};
}

}  // namespace tidemill::cli
