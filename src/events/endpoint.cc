#include "events/endpoint.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.h"
#include "http/client_pool.h"
#include "jobs/webhooks/signature.h"
#include "net/tls.h"
#include "realtime/proxies/transforms.h"

namespace tidemill::events {
namespace {

constexpr std::size_t kResponseBytesMax = 64 * 1024;
// Shorter than servers keep connections that are idle, most of them for five seconds.
constexpr Duration kIdleTimeout = Seconds(4);

// {"error": …} in an answer of Centrifugo's protocol of proxies; an empty one has none.
bool HasError(std::string_view body) {
  JsonReader json(body);
  if (json.Peek() != JsonReader::Kind::kObject) return false;
  json.EnterObject();
  bool has_error = false;
  while (const auto key = json.NextKey()) {
    if (*key == "error" && !json.SkipNull()) has_error = true;
  }
  return has_error;
}

class Endpoint final : public Target {
 public:
  Endpoint(net::Loop& loop, const EventsSettings& settings, std::unique_ptr<http::ClientPool> pool,
           Metrics& metrics)
      : loop_(loop),
        url_(http::Url::Parse(settings.endpoint).value_or(http::Url{})),
        headers_(proxies::ReadStaticHeaders(settings.static_headers.text).value_or(proxies::HeaderList{})),
        timeout_(settings.timeout),
        metrics_(metrics),
        pool_(std::move(pool)) {
    for (const config::Secret& secret : settings.secrets) {
      if (auto key = webhooks::ParseSecret(secret.value)) keys_.push_back(*std::move(key));
    }
  }

  Task<Result<void>> Deliver(const Batch& batch) override {
    const auto response = co_await pool_->Fetch(RequestFor(batch));
    if (!response) co_return std::unexpected(response.error());
    if (response->status < 200 || response->status > 299) {
      co_return Fail(Errc::kUnavailable, fmt::format("it answered with status {}", response->status));
    }
    if (HasError(response->body)) co_return Fail(Errc::kUnavailable, "it answered with an error");
    metrics_.delivered.Add(batch.items.size());
    co_return {};
  }

 private:
  http::ClientRequest RequestFor(const Batch& batch) const {
    const WallTime now = loop_.clock().WallNow();
    http::ClientRequest request{.method = "POST",
                                .url = url_,
                                .headers = headers_,
                                .body = BodyOf(batch),
                                .timeout = timeout_,
                                .response_bytes_max = kResponseBytesMax,
                                .is_repeatable = true};
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("webhook-id", batch.id);
    request.headers.emplace_back("webhook-timestamp", std::to_string(now.ms / 1000));
    if (!keys_.empty()) {
      request.headers.emplace_back(
          "webhook-signature",
          webhooks::SignatureOf({.id = batch.id, .at = now, .body = request.body}, keys_));
    }
    return request;
  }

  net::Loop& loop_;
  const http::Url url_;
  const proxies::HeaderList headers_;
  const Duration timeout_;
  Metrics& metrics_;
  std::vector<std::string> keys_;
  const std::unique_ptr<http::ClientPool> pool_;
};

Result<std::shared_ptr<net::TlsContext>> TlsFor(const EventsSettings& settings) {
  if (!settings.endpoint.starts_with("https:")) return nullptr;
  net::ClientTlsOptions options{.authorities_file = settings.tls_server_ca_file,
                                .certificate_file = settings.tls_cert_file,
                                .key_file = settings.tls_key_file};
  if (settings.tls_insecure_skip_verify) options.verification = net::Verification::kNone;
  auto tls = net::OpenClientTls(options);
  if (!tls) return Fail(tls.error().code, "channel.proxy.state: " + tls.error().detail);
  return tls;
}

}  // namespace

Result<std::unique_ptr<Target>> OpenEndpoint(net::Loop& loop, const EventsSettings& settings,
                                             std::size_t requests_max, Metrics& metrics) {
  TM_TRY_ASSIGN(std::shared_ptr<net::TlsContext> tls, TlsFor(settings));
  auto pool = http::ClientPool::Make(loop, {.tls = std::move(tls),
                                            .connections_per_origin_max = requests_max,
                                            .waiting_per_origin_max = requests_max,
                                            .idle_max = requests_max,
                                            .idle_timeout = kIdleTimeout});
  return std::make_unique<Endpoint>(loop, settings, std::move(pool), metrics);
}

}  // namespace tidemill::events
