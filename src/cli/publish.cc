#include "cli/publish.h"

#include <fmt/format.h>

#include <cstdint>
#include <memory>

#include "base/json.h"
#include "cli/endpoint.h"
#include "cli/on_loop.h"
#include "cli/settings.h"
#include "http/client.h"
#include "net/loop.h"
#include "net/tls.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  std::string channel;
  std::string data;     // JSON; "-": standard input
  std::string url;      // of the server; "": where the settings say it listens
  std::string api_key;  // "": the first of the settings
};

constexpr std::size_t kInputBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kAnswerBytesMax = 16 * 1024 * 1024;
constexpr Duration kTimeout = Seconds(10);

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

// The server's answer: {"result":{"offset":3,"epoch":"abcd"}} or {"error":{"code":102,"message":"…"}}.
struct Answer {
  std::uint64_t offset = 0;
  std::string epoch;
  std::uint32_t error_code = 0;
  std::string error_message;
};

Result<Answer> ParseAnswer(std::string_view body) {
  Answer answer;
  JsonReader json(body);
  json.EnterObject();
  while (const auto section = json.NextKey()) {
    if (*section != "result" && *section != "error") continue;
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key == "offset") answer.offset = json.ReadInteger<std::uint64_t>();
      if (*key == "epoch") answer.epoch = json.ReadString();
      if (*key == "code") answer.error_code = json.ReadInteger<std::uint32_t>();
      if (*key == "message") answer.error_message = json.ReadString();
    }
  }
  TM_TRY(json.Finish());
  return answer;
}

int Report(const http::ClientResponse& http, Io io) {
  if (http.status == 401) {
    return Failed(
        io, "the server refused the API key; give the one of its http_api.key with --api-key or --config");
  }
  if (http.status == 404) return Failed(io, "the server has no HTTP API there; see http_api.handler_prefix");
  const Result<Answer> answer = ParseAnswer(http.body);
  if (!answer || (http.status != 200 && answer->error_code == 0)) {
    return Failed(io, fmt::format("the server answered with status {}", http.status));
  }
  if (answer->error_code != 0) {
    return Failed(io, fmt::format("refused with error {}: {}", answer->error_code, answer->error_message));
  }
  if (answer->epoch.empty()) {
    Print(io, "published\n");
  } else {
    Print(io, fmt::format("published at offset {} of epoch {}\n", answer->offset, answer->epoch));
  }
  return kDone;
}

Result<http::ClientResponse> Post(http::ClientRequest request) {
  TM_TRY_ASSIGN(const std::unique_ptr<net::Loop> loop, net::Loop::Open({}));
  std::shared_ptr<net::TlsContext> tls;
  if (request.url.scheme == "https") {
    TM_TRY_ASSIGN(tls, net::OpenClientTls(""));
  }
  return *RunOnLoop(*loop, http::Fetch(*loop, tls, std::move(request)));
}

int Publish(const Options& options, Io io) {
  const Result<config::Settings> settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  const Result<Endpoint> endpoint =
      options.url.empty() ? LocalEndpoint(*settings, Service::kApi) : Endpoint::Parse(options.url);
  if (!endpoint) return Misused(io, fmt::format("--url: {}", endpoint.error().detail));
  const Result<std::string> data = options.data == "-" ? ReadInput() : options.data;
  if (!data) return Failed(io, data.error().detail);
  if (!JsonReader(*data).Finish()) {
    return Misused(
        io, "DATA is not JSON; write an object as '{\"text\":\"hello\"}' and a plain text as '\"hello\"'");
  }
  std::string api_key = options.api_key;
  if (api_key.empty() && !settings->http_api.keys.empty()) api_key = settings->http_api.keys.front().value;
  if (api_key.find_first_of("\r\n") != api_key.npos) return Misused(io, "--api-key: holds a line break");

  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Member("channel", options.channel);
  json.RawMember("data", *data);
  json.EndObject();
  http::ClientRequest request{
      .method = "POST",
      .url = endpoint->ToUrl(settings->http_api.handler_prefix + "/publish"),
      .headers = {{"Content-Type", "application/json"}},
      .body = std::move(body),
      .timeout = kTimeout,
      .response_bytes_max = kAnswerBytesMax,
  };
  if (!api_key.empty()) request.headers.emplace_back("X-API-Key", api_key);
  const Result<http::ClientResponse> answer = Post(std::move(request));
  if (!answer && answer.error().code == Errc::kInvalidArgument) {
    return Failed(io, fmt::format("the answer is not HTTP: {}; is this the address of the server?",
                                  answer.error().detail));
  }
  if (!answer) return Failed(io, answer.error().detail);
  return Report(*answer, io);
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
      .parameters =
          {
              {"CHANNEL", &options->channel, "The channel"},
              {"DATA", &options->data, "JSON; - reads standard input"},
              {"--url", &options->url, "The server, http://host:port; else where the settings listen"},
              {"--api-key", &options->api_key, "Key of the HTTP API; else the first of http_api.key"},
          },
      .settings = &options->settings,
      .run = [options](Io io) { return Publish(*options, io); },
  };
}

}  // namespace tidemill::cli
