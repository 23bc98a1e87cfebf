#include "jobs/webhooks/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/json_reader.h"
#include "jobs/webhooks/retry_after.h"

namespace tidemill::webhooks {
namespace {

constexpr std::size_t kExcerptBytesMax = 600;

std::string_view HeaderOf(const http::ClientResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

Failed FailedBy(std::string type, std::string message, bool is_outage) {
  return {.error = job::Reported({.type = std::move(type), .message = std::move(message)}),
          .is_outage = is_outage};
}

Verdict JudgeError(const Error& error, std::string_view where) {
  if (error.code == Errc::kPermissionDenied) {
    return FailedBy("WebhookRefused",
                    fmt::format("{}: {}, and push.allow_private is not set", where, error.detail), false);
  }
  return FailedBy(error.code == Errc::kTimeout ? "WebhookTimeout" : "WebhookUnreachable",
                  fmt::format("{}: {}", where, error.detail), true);
}

Failed JudgeStatus(const http::ClientResponse& response, std::string_view where) {
  std::string message = fmt::format("{} answered {}", where, response.status);
  if (response.status >= 300 && response.status < 400) {
    message += ", and redirects are not followed";
  } else if (!response.body.empty()) {
    message.append(": ").append(std::string_view(response.body).substr(0, kExcerptBytesMax));
  }
  return FailedBy("WebhookFailed", std::move(message), response.status >= 500);
}

}  // namespace

Verdict Judge(const Result<http::ClientResponse>& response, std::string_view where, WallTime now) {
  if (!response) return JudgeError(response.error(), where);
  const int status = response->status;
  if (status == 202 && EqualIgnoringCase(HeaderOf(*response, kCompletionHeader), "later")) return Later{};
  if (status >= 200 && status < 300) {
    const bool is_result = response->body.size() <= kResultBytesMax && IsJson(response->body);
    return Done{.result = is_result ? response->body : ""};
  }
  if (status == 410) return Gone{};
  if (status == 429 || status == 503) {
    const std::optional<Duration> pause =
        ParseRetryAfter(HeaderOf(*response, "retry-after"), now, kRetryAfterMax);
    if (pause) return SlowDown{*pause};
  }
  return JudgeStatus(*response, where);
}

}  // namespace tidemill::webhooks
