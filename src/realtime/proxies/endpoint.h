// Endpoint: one proxy on one loop: the way to the operator's service, and how it is spared.
//
// Connections are kept and bounded, and so are the calls that wait for one. A service that cannot be
// connected to is left alone for a moment (http/breaker.h); a slow or an angry answer does not count for
// that, since any client can bring those about. A call has one deadline for everything. Redirects are not
// followed. A question that changes nothing is sent once more if the kept connection it went out on turns out
// to be closed (http/client_pool.h).
//
// Loop thread only. Held by its calls too: one that a reload replaces ends after them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log_limit.h"
#include "base/result.h"
#include "http/breaker.h"
#include "http/client_pool.h"
#include "http/url.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/tls.h"
#include "realtime/protocol/codes.h"
#include "realtime/proxies/metrics.h"
#include "realtime/proxies/request.h"
#include "realtime/proxies/settings.h"
#include "realtime/proxies/transforms.h"
#include "realtime/proxies/withdrawals.h"
#include "realtime/session/client.h"
#include "realtime/session/verdict.h"

namespace tidemill::proxies {

// What clients are told; to them the same as the codes of which they have the numbers.
inline constexpr protocol::ErrorCode kErrorServiceAway{
    protocol::kErrorInternal.code, "internal server error: the service behind a proxy is away", true};
inline constexpr protocol::ErrorCode kErrorServiceFails{
    protocol::kErrorInternal.code, "internal server error: the service behind a proxy fails", true};
inline constexpr protocol::ErrorCode kErrorDataNotJson{
    protocol::kErrorBadRequest.code,
    "bad request: the data are not JSON, and the proxy's binary_encoding is off"};
inline constexpr protocol::ErrorCode kErrorServiceBusy{
    protocol::kErrorTooManyRequests.code, "too many requests: the service behind a proxy is slow", true};

// Whether a question may be asked twice.
enum class Repeating : bool { kNever, kSafe };

// Immutable; loops share it.
struct EndpointTls {
  std::shared_ptr<net::TlsContext> context;  // null: the endpoint is not https
  std::size_t files = 0;                     // a hash of what was in its files
};

class Endpoint final : public net::Retirable {
 public:
  struct Surroundings {
    net::Loop& loop;
    metrics::Registry& registry;
    http::ClientMetrics* client_metrics = nullptr;
    std::shared_ptr<Withdrawals> withdrawals = std::make_shared<Withdrawals>();
  };

  // `kind` is what the metrics call it: "connect". The settings were checked and have an endpoint.
  static std::shared_ptr<Endpoint> Open(const Surroundings& surroundings, const std::string& kind,
                                        const std::string& name, const ProxySettings& settings,
                                        const EndpointTls& tls);
  // Reads the files of such an endpoint: not on a loop that serves. An error names the one that is of no use.
  static Result<EndpointTls> OpenTls(std::string_view proxy, const ProxySettings& settings);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // The body of the answer 200, or what another status is for the client. Begin and End count what is made of
  // it. `client` is read before the first suspension only; null: no client's question. One of a client that
  // may be repeated is in `withdrawals` while it waits.
  struct Answer {
    Outcome outcome = Outcome::kResult;
    std::string body;                     // of kResult
    std::optional<session::Refusal> why;  // of all others
  };
  Task<Answer> Ask(const session::Client* client, std::string body, Repeating repeating);

  // A line of the log, at most one a second: what is wrong with the service or with what it said.
  void Complain(std::string_view why);

  Payloads payloads() const { return settings_.binary_encoding ? Payloads::kBase64 : Payloads::kJson; }
  bool includes_meta() const { return settings_.include_connection_meta; }
  const HeaderNames& header_names() const { return header_names_; }
  // Whether it is the one that these would make.
  bool Is(const ProxySettings& settings, const EndpointTls& tls) const {
    return settings_ == settings && tls_files_ == tls.files;
  }
  ProxyMetrics& metrics() { return metrics_; }
  net::Loop& loop() { return loop_; }

 private:
  Endpoint(const Surroundings& surroundings, const std::string& kind, const std::string& name,
           const ProxySettings& settings, const EndpointTls& tls);

  Answer AnswerTo(const http::ClientResponse& response);
  // How a call goes.
  struct Attempt {
    http::ClientProgress progress = http::ClientProgress::kWaiting;
    MonotonicTime connecting_since{};  // once it connects
    bool is_probe = false;             // whether the service can be connected to again
  };
  bool CountsAsAway(const Error& error, const Attempt& attempt) const;
  Answer Failed(const Error& error, const Attempt& attempt);
  Answer Failed(Outcome outcome, protocol::ErrorCode code, std::string_view why);

  net::Loop& loop_;
  const std::shared_ptr<Withdrawals> withdrawals_;
  const ProxySettings settings_;
  const std::size_t tls_files_;
  const std::string kind_;
  const std::string name_;
  const http::Url url_;
  const HeaderNames header_names_;
  const HeaderList static_headers_;
  const std::vector<StatusTransform> transforms_;
  ProxyMetrics metrics_;
  http::Breaker breaker_;
  log::LogLimit complaints_;
  std::uint32_t probes_ = 0;  // in flight
  std::uint64_t bytes_ = 0;   // of the questions in flight, with their headers
  std::unique_ptr<http::ClientPool> pool_;
};

// Of one of the service's refusals, in its words; a disconnect without any has the default reason.
session::Refusal RefusalOf(const Refusing& refusing);

}  // namespace tidemill::proxies
