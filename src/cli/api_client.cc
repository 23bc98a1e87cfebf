#include "cli/api_client.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/json.h"
#include "cli/dev_keys.h"
#include "cli/next_step.h"
#include "cli/on_loop.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kAnswerBytesMax = 256 * 1024 * 1024;
constexpr Duration kTimeout = Seconds(10);

// "": there is none.
std::string ApiKeyFor(const ApiOptions& options, const settings::Settings& settings,
                      const Endpoint& endpoint) {
  if (!options.api_key.empty()) return options.api_key;
  if (!settings.http_api.keys.empty()) return settings.http_api.keys.front().value;
  const std::optional<DevKeys> keys = FindDevKeys(endpoint);
  return keys ? keys->api_key : "";
}

// {"result":…} or {"error":…}; in the error mode "transport" the error itself, beside a status.
struct Answer {
  std::string_view result;
  std::string_view error;
};

Result<Answer> ParseAnswer(std::string_view body) {
  Answer answer;
  JsonReader json(body);
  json.EnterObject();
  while (const auto section = json.NextKey()) {
    if (*section == "result") answer.result = json.ReadRaw();
    if (*section == "error") answer.error = json.ReadRaw();
  }
  TM_TRY(json.Finish());
  return answer;
}

// What the API answered; an error for the user when it refused, or when it is not the API that answered.
Result<std::string> ResultOf(const http::ClientResponse& response) {
  TM_TRY_ASSIGN(Answer answer, ParseAnswer(response.body));
  if (response.status == 200 && answer.error.empty()) {
    return std::string(answer.result.empty() ? "{}" : answer.result);
  }
  TM_TRY_ASSIGN(std::string text, ApiErrorText(answer.error.empty() ? response.body : answer.error));
  return Fail(Errc::kPermissionDenied, std::move(text));
}

// Statuses that say more to a user of a command than the body.
bool TellsEnough(int status) { return status == 401 || status == 404 || status == 413; }

}  // namespace

std::vector<Parameter> WithApiParameters(std::vector<Parameter> own, ApiOptions& options) {
  own.push_back({"--json", &options.json, "Prints the server's result as one line of JSON"});
  own.push_back({"--url", &options.url, "The server, http://host:port; else where the settings listen"});
  own.push_back(
      {.name = "--api-key",
       .value = &options.api_key,
       .help = "Key of the HTTP API; else the first of http_api.key, or that of a `serve --dev` here",
       .also = "--key"});
  return own;
}

Result<std::unique_ptr<ApiClient>> ApiClient::Open(const ApiOptions& options) {
  Result<settings::Settings> settings = LoadSettings(options.settings);
  // Wrong settings are a failure; kInvalidArgument is for the options.
  if (!settings) return Fail(Errc::kInternal, std::move(settings.error().detail));
  const Result<Endpoint> endpoint =
      options.url.empty() ? LocalEndpoint(*settings, Service::kApi) : Endpoint::Parse(options.url);
  if (!endpoint) return Fail(Errc::kInvalidArgument, fmt::format("--url: {}", endpoint.error().detail));
  std::unique_ptr<ApiClient> client(new ApiClient);
  client->endpoint_ = *endpoint;
  client->prefix_ = settings->http_api.handler_prefix;
  client->key_ = ApiKeyFor(options, *settings, *endpoint);
  if (client->key_.find_first_of("\r\n") != std::string::npos) {
    return Fail(Errc::kInvalidArgument, "--api-key: holds a line break");
  }
  TM_TRY_ASSIGN(client->loop_, net::Loop::Open({}));
  if (endpoint->tls) {
    TM_TRY_ASSIGN(client->tls_, net::OpenClientTls(""));
  }
  return client;
}

http::ClientRequest ApiClient::RequestOf(std::string_view method, std::string body, Duration timeout) const {
  http::ClientRequest request{
      .method = "POST",
      .url = endpoint_.ToUrl(fmt::format("{}/{}", prefix_, method)),
      .headers = {{"Content-Type", "application/json"}},
      .body = std::move(body),
      .timeout = timeout,
      .response_bytes_max = kAnswerBytesMax,
  };
  if (!key_.empty()) request.headers.emplace_back("X-API-Key", key_);
  return request;
}

Result<http::ClientResponse> ApiClient::Answered(Result<http::ClientResponse> answer) const {
  if (answer) return answer;
  if (answer.error().code == Errc::kInvalidArgument) {
    return Fail(
        Errc::kUnavailable,
        fmt::format("the answer is not HTTP: {}; is this the address of the server?", answer.error().detail));
  }
  return Fail(answer.error().code, WithNextStep(answer.error()));
}

Result<http::ClientResponse> ApiClient::Post(std::string_view method, std::string body) {
  return Answered(
      *RunOnLoop(*loop_, http::Fetch(*loop_, tls_, RequestOf(method, std::move(body), kTimeout))));
}

Result<std::string> ApiClient::Read(const http::ClientResponse& response, std::size_t request_bytes) const {
  if (!TellsEnough(response.status)) {
    Result<std::string> result = ResultOf(response);
    if (result || result.error().code == Errc::kPermissionDenied) return result;
  }
  return Fail(Errc::kPermissionDenied, Refusal(response.status, request_bytes));
}

Result<std::string> ApiClient::Call(std::string_view method, std::string params) {
  const std::size_t request_bytes = params.size();
  TM_TRY_ASSIGN(const http::ClientResponse response, Post(method, std::move(params)));
  return Read(response, request_bytes);
}

Task<Result<std::string>> ApiClient::Ask(std::string_view method, std::string params, Duration timeout) {
  const std::size_t request_bytes = params.size();
  Result<http::ClientResponse> answer =
      co_await http::Fetch(*loop_, tls_, RequestOf(method, std::move(params), timeout));
  TM_CO_TRY_ASSIGN(const http::ClientResponse response, Answered(std::move(answer)));
  co_return Read(response, request_bytes);
}

Result<std::string> ApiClient::Metrics() {
  http::ClientRequest request{.method = "GET",
                              .url = endpoint_.ToUrl("/metrics"),
                              .headers = {},
                              .body = "",
                              .timeout = kTimeout,
                              .response_bytes_max = kAnswerBytesMax};
  TM_TRY_ASSIGN(http::ClientResponse response,
                Answered(*RunOnLoop(*loop_, http::Fetch(*loop_, tls_, std::move(request)))));
  if (response.status == 200) return std::move(response.body);
  if (response.status != 404) return Fail(Errc::kPermissionDenied, Refusal(response.status, 0));
  return Fail(Errc::kPermissionDenied, "the server has no /metrics there; see prometheus.enabled");
}

std::string ApiClient::Refusal(int status, std::size_t request_bytes) const {
  switch (status) {
    case 401:
      return fmt::format("the server {}; give the one of its http_api.key with --api-key or --config",
                         key_.empty() ? "wants an API key, and none was given" : "refused the API key");
    case 404: return "the server has no HTTP API there; see http_api.handler_prefix";
    case 413:
      return fmt::format(
          "the server takes no request of {} bytes; its limit is http_server.max_request_body_bytes",
          request_bytes);
    default: return fmt::format("the server answered with status {}", status);
  }
}

Result<std::string> ApiErrorText(std::string_view error) {
  std::uint32_t code = 0;
  std::string message;
  JsonReader json(error);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") code = json.ReadInteger<std::uint32_t>();
    if (*key == "message") message = json.ReadString();
  }
  TM_TRY(json.Finish());
  if (code == 0) return Fail(Errc::kInvalidArgument, "not an error of the API");
  return fmt::format("refused with error {}: {}", code, message);
}

int ReportApiError(const Error& error, Io io) {
  return error.code == Errc::kInvalidArgument ? Misused(io, error.detail) : Failed(io, error.detail);
}

int CallApi(const ApiOptions& options, std::string_view method, std::string params,
            const ResultToText& to_text, Io io) {
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options);
  if (!client) return ReportApiError(client.error(), io);
  const Result<std::string> result = (*client)->Call(method, std::move(params));
  if (!result) return Failed(io, result.error().detail);
  const Result<std::string> text = to_text(*result);
  if (!text) return Failed(io, fmt::format("the answer is none of {}: {}", method, text.error().detail));
  std::string line;
  if (options.json) JsonWriter(line).RawOnOneLine(*result);
  Print(io, options.json ? line + "\n" : *text);
  return kDone;
}

}  // namespace tidemill::cli
