#include "cli/publish.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <memory>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/publish_lines.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  std::string channel;
  std::string data;  // JSON; "-": each line of standard input
  bool sequential = false;
};

Result<std::string> ToText(std::string_view result) {
  std::uint64_t offset = 0;
  std::string epoch;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "offset") offset = json.ReadInteger<std::uint64_t>();
    if (*key == "epoch") epoch = json.ReadString();
  }
  TM_TRY(json.Finish());
  return epoch.empty() ? "published\n" : fmt::format("published at offset {} of epoch {}\n", offset, epoch);
}

int PublishInput(const Options& options, Io io) {
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options.api);
  if (!client) return ReportApiError(client.error(), io);
  const LinesOptions lines = {
      .channel = options.channel, .json = options.api.json, .sequential = options.sequential};
  return PublishLines(**client, lines, STDIN_FILENO, io);
}

int Publish(const Options& options, Io io) {
  if (options.data == "-") return PublishInput(options, io);
  if (!IsJson(options.data)) {
    return Misused(
        io, "DATA is not JSON; write an object as '{\"text\":\"hello\"}' and a plain text as '\"hello\"'");
  }
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("channel", options.channel);
  json.RawMember("data", options.data);
  json.EndObject();
  return CallApi(options.api, "publish", std::move(params), ToText, io);
}

}  // namespace

CommandSpec PublishCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "publish",
      .help = "Publishes to a channel over the HTTP API",
      .examples =
          "  tidemill publish demo:chat '{\"text\":\"hello\"}'\n"
          "  seq 1000 | tidemill publish chat:one - --config tidemill.toml\n",
      .parameters =
          WithApiParameters({{"CHANNEL", &options->channel, "The channel"},
                             {"DATA", &options->data, "JSON; - publishes each line of standard input"},
                             {"--sequential", &options->sequential,
                              "With -: each line waits for the answer to the one before"}},
                            options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return Publish(*options, io); },
  };
}

}  // namespace tidemill::cli
