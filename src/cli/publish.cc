#include "cli/publish.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/json.h"
#include "cli/dev_keys.h"
#include "cli/endpoint.h"
#include "cli/next_step.h"
#include "cli/on_loop.h"
#include "cli/settings.h"
#include "http/client.h"
#include "net/loop.h"
#include "net/tls.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  std::string channel;
  std::string data;     // JSON; "-": standard input
  std::string url;      // of the server; "": where the settings say it listens
  std::string api_key;  // "": the first of the settings
  bool json = false;
};

constexpr std::string_view kKeyHeader = "X-API-Key";
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
  std::string_view result;  // JSON, a view into the answer
  std::uint64_t offset = 0;
  std::string epoch;
  std::uint32_t error_code = 0;
  std::string error_message;
};

Result<Answer> ParseAnswer(std::string_view body) {
  Answer answer;
  std::string_view error = "{}";
  JsonReader json(body);
  json.EnterObject();
  while (const auto section = json.NextKey()) {
    if (*section == "result") answer.result = json.ReadRaw();
    if (*section == "error") error = json.ReadRaw();
  }
  TM_TRY(json.Finish());
  JsonReader members(answer.result.empty() ? error : answer.result);
  members.EnterObject();
  while (const auto key = members.NextKey()) {
    if (*key == "offset") answer.offset = members.ReadInteger<std::uint64_t>();
    if (*key == "epoch") answer.epoch = members.ReadString();
    if (*key == "code") answer.error_code = members.ReadInteger<std::uint32_t>();
    if (*key == "message") answer.error_message = members.ReadString();
  }
  TM_TRY(members.Finish());
  return answer;
}

// What a status means when the body has no answer of the API.
std::string Refusal(const http::ClientRequest& request, int status) {
  const bool has_key =
      std::ranges::any_of(request.headers, [](const auto& h) { return h.first == kKeyHeader; });
  switch (status) {
    case 401:
      return fmt::format("the server {}; give the one of its http_api.key with --api-key or --config",
                         has_key ? "refused the API key" : "wants an API key, and none was given");
    case 404: return "the server has no HTTP API there; see http_api.handler_prefix";
    case 413:
      return fmt::format(
          "the server takes no request of {} bytes; its limit is http_server.max_request_body_bytes",
          request.body.size());
    default: return fmt::format("the server answered with status {}", status);
  }
}

int Report(const http::ClientRequest& request, const http::ClientResponse& response, bool json, Io io) {
  const Result<Answer> answer = ParseAnswer(response.body);
  const bool answered = answer && (response.status == 200 || answer->error_code != 0);
  if (!answered) return Failed(io, Refusal(request, response.status));
  if (answer->error_code != 0) {
    return Failed(io, fmt::format("refused with error {}: {}", answer->error_code, answer->error_message));
  }
  if (json) {
    std::string line;
    JsonWriter(line).RawOnOneLine(answer->result.empty() ? "{}" : answer->result);
    Print(io, line + "\n");
  } else if (answer->epoch.empty()) {
    Print(io, "published\n");
  } else {
    Print(io, fmt::format("published at offset {} of epoch {}\n", answer->offset, answer->epoch));
  }
  return kDone;
}

Result<http::ClientResponse> Post(const http::ClientRequest& request) {
  TM_TRY_ASSIGN(const std::unique_ptr<net::Loop> loop, net::Loop::Open({}));
  std::shared_ptr<net::TlsContext> tls;
  if (request.url.scheme == "https") {
    TM_TRY_ASSIGN(tls, net::OpenClientTls(""));
  }
  return *RunOnLoop(*loop, http::Fetch(*loop, tls, request));
}

// "": there is none.
std::string ApiKeyFor(const Options& options, const settings::Settings& settings, const Endpoint& endpoint) {
  if (!options.api_key.empty()) return options.api_key;
  if (!settings.http_api.keys.empty()) return settings.http_api.keys.front().value;
  const std::optional<DevKeys> keys = FindDevKeys(endpoint);
  return keys ? keys->api_key : "";
}

int Publish(const Options& options, Io io) {
  const Result<settings::Settings> settings = LoadSettings(options.settings);
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
  const std::string api_key = ApiKeyFor(options, *settings, *endpoint);
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
  if (!api_key.empty()) request.headers.emplace_back(kKeyHeader, api_key);
  const Result<http::ClientResponse> answer = Post(request);
  if (!answer && answer.error().code == Errc::kInvalidArgument) {
    return Failed(io, fmt::format("the answer is not HTTP: {}; is this the address of the server?",
                                  answer.error().detail));
  }
  if (!answer) return Failed(io, WithNextStep(answer.error()));
  return Report(request, *answer, options.json, io);
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
              {"--json", &options->json, "Prints the server's result as one line of JSON"},
              {"--url", &options->url, "The server, http://host:port; else where the settings listen"},
              {"--api-key", &options->api_key,
               "Key of the HTTP API; else the first of http_api.key, or that of a `serve --dev` here"},
          },
      .settings = &options->settings,
      .run = [options](Io io) { return Publish(*options, io); },
  };
}

}  // namespace tidemill::cli
