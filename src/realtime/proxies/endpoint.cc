#include "realtime/proxies/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/log.h"
#include "config/file.h"

namespace tidemill::proxies {
namespace {

// Shorter than servers keep connections that are idle, most of them for five seconds: who closes first is not
// surprised.
constexpr Duration kIdleTimeout = Seconds(4);
constexpr http::BreakerOptions kBreaker{
    .failures_max = 10, .open_for = Seconds(1), .open_for_max = Seconds(10)};

std::size_t BytesOf(const http::ClientRequest& request) {
  std::size_t bytes = request.body.size() + request.url.target.size();
  for (const auto& [name, value] : request.headers) bytes += name.size() + value.size();
  return bytes;
}

constexpr std::size_t kTlsFileBytesMax = 1 << 20;

}  // namespace

Result<EndpointTls> Endpoint::OpenTls(std::string_view proxy, const ProxySettings& settings) {
  EndpointTls opened;
  if (!settings.endpoint.starts_with("https:")) return opened;
  net::ClientTlsOptions options;
  if (settings.tls_enabled) {
    std::string contents;
    for (const auto* file : {&settings.tls_server_ca_file, &settings.tls_cert_file, &settings.tls_key_file}) {
      // What cannot be read is OpenClientTls's to name.
      if (!file->empty()) contents += config::ReadFile(*file, kTlsFileBytesMax).value_or("") + '\0';
    }
    opened.files = std::hash<std::string>()(contents);
    options.authorities_file = settings.tls_server_ca_file;
    options.certificate_file = settings.tls_cert_file;
    options.key_file = settings.tls_key_file;
    if (settings.tls_insecure_skip_verify) options.verification = net::Verification::kNone;
  }
  auto tls = net::OpenClientTls(options);
  if (!tls) return Fail(tls.error().code, fmt::format("the proxy {}: {}", proxy, tls.error().detail));
  opened.context = *std::move(tls);
  return opened;
}

std::shared_ptr<Endpoint> Endpoint::Open(const Surroundings& surroundings, const std::string& kind,
                                         const std::string& name, const ProxySettings& settings,
                                         const EndpointTls& tls) {
  // The last call may end inside of the pool.
  const auto end = [&loop = surroundings.loop](Endpoint* endpoint) {
    loop.Retire(std::unique_ptr<net::Retirable>(endpoint));
  };
  return std::shared_ptr<Endpoint>(new Endpoint(surroundings, kind, name, settings, tls), end);
}

Endpoint::Endpoint(const Surroundings& surroundings, const std::string& kind, const std::string& name,
                   const ProxySettings& settings, const EndpointTls& tls)
    : loop_(surroundings.loop),
      withdrawals_(surroundings.withdrawals),
      settings_(settings),
      tls_files_(tls.files),
      kind_(kind),
      name_(name),
      url_(http::Url::Parse(settings.endpoint).value_or(http::Url{})),
      header_names_{.handshake = settings.http_headers, .connect = settings.emulated_headers},
      static_headers_(ReadStaticHeaders(settings.static_headers.text).value_or(HeaderList{})),
      transforms_(
          ReadTransforms(settings.status_to_code_transforms.text).value_or(std::vector<StatusTransform>{})),
      metrics_(surroundings.registry, kind, name),
      breaker_(kBreaker),
      pool_(http::ClientPool::Make(loop_, {.tls = tls.context,
                                           .connections_per_origin_max = settings.connections_max,
                                           .waiting_per_origin_max = settings.waiting_max,
                                           .idle_max = settings.connections_max,
                                           .idle_timeout = kIdleTimeout,
                                           .metrics = surroundings.client_metrics})) {}

Task<Endpoint::Answer> Endpoint::Ask(const session::Client* client, std::string body, Repeating repeating) {
  const HeaderList none;
  const session::Identity* const identity = client ? client->identity.get() : nullptr;
  Attempt attempt;
  http::ClientRequest request{
      .method = "POST",
      .url = url_,
      .headers = HeadersOf(static_headers_, header_names_, identity ? identity->handshake_headers : none,
                           identity ? identity->connect_headers : none),
      .body = std::move(body),
      .timeout = settings_.timeout,
      .response_bytes_max = settings_.response_bytes_max,
      .is_repeatable = repeating == Repeating::kSafe,
      .progress = &attempt.progress,
      .connecting_since = &attempt.connecting_since};
  const std::uint32_t admitted = breaker_.Admits(loop_.clock().Now(), UINT32_MAX);
  attempt.is_probe = breaker_.state() == http::Breaker::State::kHalfOpen;
  if (admitted <= (attempt.is_probe ? probes_ : 0)) {
    co_return Failed(Outcome::kBreakerOpen, kErrorServiceAway, "it could not be connected to just before");
  }
  const std::size_t bytes = BytesOf(request);
  if (bytes_ + bytes > settings_.waiting_bytes_max) {
    co_return Failed(Outcome::kTooManyWait, kErrorServiceBusy, "http.waiting_bytes_max is reached");
  }
  if (attempt.is_probe) ++probes_;
  bytes_ += bytes;
  std::optional<Withdrawals::Question> question;
  if (client && repeating == Repeating::kSafe) {
    request.withdraw = question.emplace(*withdrawals_, *client).withdraw();
  }
  const auto response = co_await pool_->Fetch(std::move(request));
  question.reset();
  if (attempt.is_probe) --probes_;
  bytes_ -= bytes;
  if (!response) co_return Failed(response.error(), attempt);
  breaker_.Succeed();
  co_return AnswerTo(*response);
}

Endpoint::Answer Endpoint::AnswerTo(const http::ClientResponse& response) {
  if (response.status == 200) return {.outcome = Outcome::kResult, .body = response.body, .why = {}};
  const auto found = std::ranges::find(transforms_, response.status, &StatusTransform::status);
  if (found == transforms_.end()) {
    return Failed(Outcome::kStatus, kErrorServiceFails,
                  fmt::format("it answered with status {}", response.status));
  }
  const bool is_error = std::holds_alternative<ErrorText>(found->to);
  return {
      .outcome = is_error ? Outcome::kError : Outcome::kDisconnect, .body = {}, .why = RefusalOf(found->to)};
}

// Slow answers leave those that wait for a place little time to connect in: that says nothing of the service.
// What began before the breaker opened says nothing of it now.
bool Endpoint::CountsAsAway(const Error& error, const Attempt& attempt) const {
  if (attempt.progress != http::ClientProgress::kConnecting) return false;
  if (breaker_.state() == http::Breaker::State::kHalfOpen && !attempt.is_probe) return false;
  const Duration had = loop_.clock().Now() - attempt.connecting_since;
  return error.code != Errc::kTimeout || 2 * had.ms >= settings_.timeout.ms;
}

Endpoint::Answer Endpoint::Failed(const Error& error, const Attempt& attempt) {
  using Progress = http::ClientProgress;
  const Progress progress = attempt.progress;
  if (CountsAsAway(error, attempt)) breaker_.Fail(loop_.clock().Now());
  if (progress == Progress::kSent) breaker_.Succeed();
  switch (error.code) {
    case Errc::kLimitExceeded:
      if (progress == Progress::kWaiting)
        return Failed(Outcome::kTooManyWait, kErrorServiceBusy, error.detail);
      return Failed(Outcome::kMalformed, kErrorServiceFails, error.detail);
    case Errc::kCancelled: return {.outcome = Outcome::kWithdrawn, .body = {}, .why = kErrorServiceBusy};
    case Errc::kTimeout: return Failed(Outcome::kTimeout, kErrorServiceAway, error.detail);
    case Errc::kInvalidArgument: return Failed(Outcome::kMalformed, kErrorServiceFails, error.detail);
    default: return Failed(Outcome::kUnreachable, kErrorServiceAway, error.detail);
  }
}

Endpoint::Answer Endpoint::Failed(Outcome outcome, protocol::ErrorCode code, std::string_view why) {
  Complain(why);
  return {.outcome = outcome, .body = {}, .why = session::Refusal(code)};
}

void Endpoint::Complain(std::string_view why) {
  const auto suppressed = complaints_.Count(loop_.clock().Now());
  if (!suppressed) return;
  // Without the query, where credentials may stand.
  const std::string_view path = std::string_view(url_.target).substr(0, url_.target.find('?'));
  log::Warn("proxy.failed", {{"proxy", kind_},
                             {"name", name_},
                             {"url", fmt::format("{}://{}:{}{}", url_.scheme, url_.host, url_.port, path)},
                             {"why", why},
                             {"suppressed", *suppressed}});
}

session::Refusal RefusalOf(const Refusing& refusing) {
  if (const auto* const error = std::get_if<ErrorText>(&refusing)) {
    return session::Refusal::Error(error->code, error->message, error->temporary);
  }
  const auto& disconnect = std::get<DisconnectText>(refusing);
  const std::string_view reason =
      disconnect.reason.empty() ? protocol::kDefaultDisconnectReason : std::string_view(disconnect.reason);
  return session::Refusal::Disconnect(disconnect.code, std::string(reason));
}

}  // namespace tidemill::proxies
