#include "cli/jobs/jobs_call.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "base/clock.h"
#include "cli/table.h"
#include "jobs/job/timestamp.h"

namespace tidemill::cli {
Result<std::string> PushedToText(std::string_view result) {
  std::string jid;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "jid") jid = json.ReadString();
  }
  TM_TRY(json.Finish());
  return fmt::format("pushed {}\n", Printable(jid));
}

std::string JobsHint(const Error& error) {
  if (!error.detail.starts_with("the server has no HTTP API there")) return error.detail;
  return "the server has no jobs there; it needs jobs.enabled = true, and see http_api.handler_prefix";
}

std::string JobParams(const std::function<void(JsonWriter&)>& write) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  write(json);
  json.EndObject();
  return params;
}

int CallJobs(const ApiOptions& options, std::string_view method, std::string params,
             const ResultToText& to_text, Io io) {
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options);
  if (!client) return ReportApiError(client.error(), io);
  const Result<std::string> result = (*client)->Call(method, std::move(params));
  if (!result) return Failed(io, JobsHint(result.error()));
  if (options.json) {
    std::string line;
    JsonWriter(line).RawOnOneLine(*result);
    Print(io, line + "\n");
    return kDone;
  }
  const Result<std::string> text = to_text(*result);
  if (!text) return Failed(io, fmt::format("the answer is none of {}: {}", method, text.error().detail));
  Print(io, *text);
  return kDone;
}

int CallForEach(const ApiOptions& options, std::string_view method, const std::vector<std::string>& jids,
                std::string_view done, Io io) {
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options);
  if (!client) return ReportApiError(client.error(), io);
  int code = kDone;
  for (const std::string& jid : jids) {
    const Result<std::string> result =
        (*client)->Call(method, JobParams([&](JsonWriter& json) { json.Member("jid", jid); }));
    if (!result && result.error().code != Errc::kPermissionDenied) {
      return Failed(io, JobsHint(result.error()));
    }
    if (!result) {
      code = Failed(io, fmt::format("{}: {}", jid, JobsHint(result.error())));
    } else if (options.json) {
      Print(io, fmt::format("{{\"jid\":\"{}\",\"result\":{}}}\n", jid, *result));
    } else {
      Print(io, fmt::format("{} {}\n", done, jid));
    }
  }
  return code;
}

std::optional<std::int64_t> ToWhole(std::string_view text, std::int64_t min) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < min) return std::nullopt;
  return number;
}

std::string Ago(std::int64_t ms) {
  if (ms < 1000) return fmt::format("{}ms", ms);
  const std::int64_t s = ms / 1000;
  if (s < 120) return fmt::format("{}s", s);
  if (s < 120 * 60) return fmt::format("{}m", s / 60);
  if (s < 48 * 3600) return fmt::format("{}h", s / 3600);
  return fmt::format("{}d", s / 86'400);
}

std::string Since(std::string_view timestamp) {
  const std::optional<WallTime> at = job::ParseTimestamp(timestamp);
  if (!at) return std::string(timestamp);
  const std::int64_t ms = (SystemClock().WallNow() - *at).ms;
  return ms < 0 ? "in " + Ago(-ms) : Ago(ms);
}

}  // namespace tidemill::cli
