#include "cli/broadcast.h"

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  std::string data;  // JSON
  std::vector<std::string> channels;
};

// What became of it in each channel, as the server's result says.
struct Outcome {
  std::vector<std::string> lines;
  std::size_t refused = 0;
};

Result<std::string> ReadResult(JsonReader& json) {
  std::uint64_t offset = 0;
  std::string epoch;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "offset") offset = json.ReadInteger<std::uint64_t>();
    if (*key == "epoch") epoch = json.ReadString();
  }
  return epoch.empty() ? "published" : fmt::format("published at offset {} of epoch {}", offset, epoch);
}

Result<Outcome> ReadOutcome(std::string_view result) {
  Outcome outcome;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "responses") continue;
    json.EnterArray();
    while (json.NextElement()) {
      Result<std::string> line = "published";
      json.EnterObject();
      while (const auto member = json.NextKey()) {
        if (*member == "result") line = ReadResult(json);
        if (*member != "error") continue;
        line = ApiErrorText(json.ReadRaw());
        ++outcome.refused;
      }
      if (!line) return std::unexpected(line.error());
      outcome.lines.push_back(*line);
    }
  }
  TM_TRY(json.Finish());
  return outcome;
}

int Broadcast(const Options& options, Io io) {
  if (!IsJson(options.data)) {
    return Misused(io, "DATA is not JSON; write an object as '{\"text\":\"hello\"}'");
  }
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Key("channels");
  json.BeginArray();
  for (const std::string& channel : options.channels) json.String(channel);
  json.EndArray();
  json.RawMember("data", options.data);
  json.EndObject();
  std::size_t refused = 0;
  const auto judge = [&](std::string_view result) -> Result<std::string> {
    TM_TRY_ASSIGN(const Outcome outcome, ReadOutcome(result));
    if (outcome.lines.size() != options.channels.size()) {
      return Fail(Errc::kInternal, "another number of responses than of channels");
    }
    refused = outcome.refused;
    Table table({{"CHANNEL"}, {"OUTCOME"}});
    for (std::size_t i = 0; i < outcome.lines.size(); ++i) table.Add({options.channels[i], outcome.lines[i]});
    return table.ToText();
  };
  const int code = CallApi(options.api, "broadcast", std::move(params), judge, io);
  if (code != kDone || refused == 0) return code;
  return Failed(io, fmt::format("{} of {} channels refused it", refused, options.channels.size()));
}

}  // namespace

CommandSpec BroadcastCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "broadcast",
      .help = "Publishes the same to many channels over the HTTP API",
      .examples = "  tidemill broadcast '{\"text\":\"hello\"}' news demo:chat\n",
      .parameters = WithApiParameters(
          {{"DATA", &options->data, "JSON"}, {"CHANNEL", &options->channels, "The channels"}}, options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return Broadcast(*options, io); }};
}

}  // namespace tidemill::cli
