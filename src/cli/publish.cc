#include "cli/publish.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <memory>

#include "base/json.h"
#include "cli/api_client.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  std::string channel;
  std::string data;  // JSON; "-": standard input
};

constexpr std::size_t kInputBytesMax = 16 * 1024 * 1024;

Result<std::string> ReadInput() {
  std::string input;
  char piece[16 * 1024];
  while (const std::size_t got = std::fread(piece, 1, sizeof piece, stdin)) {
    input.append(piece, got);
    if (input.size() > kInputBytesMax)
      return Fail(Errc::kLimitExceeded, "standard input is longer than 16 MiB");
  }
  return input;
}

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

int Publish(const Options& options, Io io) {
  const Result<std::string> data = options.data == "-" ? ReadInput() : options.data;
  if (!data) return Failed(io, data.error().detail);
  if (!IsJson(*data)) {
    return Misused(
        io, "DATA is not JSON; write an object as '{\"text\":\"hello\"}' and a plain text as '\"hello\"'");
  }
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("channel", options.channel);
  json.RawMember("data", *data);
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
          "  tidemill publish news '{\"text\":\"hello\"}' --api-key KEY\n"
          "  echo '{\"n\":1}' | tidemill publish news - --config tidemill.toml\n",
      .parameters = WithApiParameters({{"CHANNEL", &options->channel, "The channel"},
                                       {"DATA", &options->data, "JSON; - reads standard input"}},
                                      options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return Publish(*options, io); },
  };
}

}  // namespace tidemill::cli
