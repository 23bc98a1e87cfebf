// ApiClient: the HTTP API of a running server, as commands call it.
//
// Which server and which key: options, else the settings, else the `serve --dev` that listens there. Errors
// are sentences for the user. One thread; a call blocks until its answer is there, ten seconds at most.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/endpoint.h"
#include "cli/settings.h"
#include "http/client.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/tls.h"

namespace tidemill::cli {

struct ApiOptions {
  SettingsOptions settings;
  std::string url;      // of the server; "": where the settings say it listens
  std::string api_key;  // "": the first of the settings
  bool json = false;
};

// The parameters of a command that calls the API: its own, then those of `options`.
std::vector<Parameter> WithApiParameters(std::vector<Parameter> own, ApiOptions& options);

class ApiClient {
 public:
  // kInvalidArgument: an option is wrong; others: the settings are, or the loop could not be made.
  static Result<std::unique_ptr<ApiClient>> Open(const ApiOptions& options);

  // POST <prefix>/<method>. An answer of any status; no answer is an error with the next step in it.
  Result<http::ClientResponse> Post(std::string_view method, std::string body);
  // The JSON of the result. kPermissionDenied: the server refused, with an error of the API or a status.
  Result<std::string> Call(std::string_view method, std::string params);
  // The same as a task on the client's loop, for a command that makes many calls there.
  Task<Result<std::string>> Ask(std::string_view method, std::string params, Duration timeout);
  // What GET /metrics says, beside the API. kPermissionDenied: the server has none.
  Result<std::string> Metrics();
  net::Loop& loop() { return *loop_; }
  // What an answer without the API's JSON means, to a request of so many bytes.
  std::string Refusal(int status, std::size_t request_bytes) const;

 private:
  ApiClient() = default;
  http::ClientRequest RequestOf(std::string_view method, std::string body, Duration timeout) const;
  // Of an answer, or of none.
  Result<http::ClientResponse> Answered(Result<http::ClientResponse> answer) const;
  Result<std::string> Read(const http::ClientResponse& response, std::size_t request_bytes) const;

  std::unique_ptr<net::Loop> loop_;
  std::shared_ptr<net::TlsContext> tls_;  // null: the server is spoken to without
  Endpoint endpoint_;
  std::string prefix_;
  std::string key_;  // "": there is none
};

// "refused with error 102: unknown channel", from {"code":102,"message":"…"}. kInvalidArgument: it is none.
Result<std::string> ApiErrorText(std::string_view error);

// Writes what is wrong; gives kMisused for kInvalidArgument, else kFailed.
int ReportApiError(const Error& error, Io io);

// A command that makes one call: prints its result on one line of JSON, or as `to_text` has it. A result that
// to_text cannot read is an error, in JSON too.
using ResultToText = std::function<Result<std::string>(std::string_view result)>;
int CallApi(const ApiOptions& options, std::string_view method, std::string params,
            const ResultToText& to_text, Io io);

}  // namespace tidemill::cli
