#include "http/client.h"

#include <coroutine>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "http/grammar.h"
#include "http/response_parser.h"
#include "net/async.h"
#include "net/connect.h"
#include "net/stream.h"
#include "net/until.h"

namespace tidemill::http {
namespace {

// One request on one stream: awaited until the response is there, the stream ends or the time is up.
class Exchange final : public net::StreamHandler, private net::Timer {
 public:
  Exchange(net::Loop& loop, std::unique_ptr<net::Stream> stream, MonotonicTime deadline,
           ResponseParser parser)
      : loop_(loop), stream_(std::move(stream)), deadline_(deadline), parser_(std::move(parser)) {}
  ~Exchange() {
    stream_->Close();
    loop_.Retire(std::move(stream_));
  }

  void Start(std::string_view request) {
    stream_->SetHandler(this);
    loop_.timers().Schedule(*this, deadline_);
    stream_->Queue(request);
  }

  bool await_ready() const { return done_.has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter) { awaiter_ = awaiter; }
  Result<ClientResponse> await_resume() { return *std::move(done_); }

  void OnData(std::string_view bytes) override {
    if (done_) return;
    const auto complete = parser_.Feed(bytes);
    if (!complete) return Finish(std::unexpected(complete.error()));
    if (*complete) Finish(parser_.Take());
  }
  void OnWritable() override {}
  void OnClosed() override {
    if (done_) return;
    const auto complete = parser_.End();
    if (complete && *complete) return Finish(parser_.Take());
    Finish(Fail(Errc::kUnavailable, "the server closed the connection before its response was complete"));
  }

 private:
  void OnTimer() override { Finish(Fail(Errc::kTimeout, "no response in time")); }

  void Finish(Result<ClientResponse> result) {
    if (done_) return;
    done_ = std::move(result);
    loop_.timers().Cancel(*this);
    if (awaiter_) std::exchange(awaiter_, nullptr).resume();
  }

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  const MonotonicTime deadline_;
  ResponseParser parser_;
  std::optional<Result<ClientResponse>> done_;
  std::coroutine_handle<> awaiter_;
};

bool HasBody(const ClientRequest& request) {
  return !request.body.empty() || (request.method != "GET" && request.method != "HEAD");
}

std::string RequestText(const ClientRequest& request) {
  const Url& url = request.url;
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host;
  const bool default_port = url.port == (url.scheme == "https" ? 443 : 80);
  if (!default_port) text += ":" + std::to_string(url.port);
  text += "\r\nConnection: close\r\nUser-Agent: tidemill\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (HasBody(request)) text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

// What others gave us must not become lines of its own.
Result<void> Check(const ClientRequest& request) {
  if (!IsToken(request.method)) return Fail(Errc::kInvalidArgument, "malformed method");
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name) || !IsFieldValue(value)) {
      return Fail(Errc::kInvalidArgument, "malformed request header");
    }
  }
  return {};
}

std::string_view WithoutBrackets(std::string_view host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

// The addresses to connect to. Judged by the address that is then used: a name cannot change its mind in
// between.
Task<Result<std::vector<net::SocketAddress>>> Locate(net::Loop& loop, std::string name, std::uint16_t port,
                                                     bool allow_private) {
  TM_CO_TRY_ASSIGN(auto addresses, co_await net::Resolve(loop, name, port));
  if (addresses.empty()) co_return Fail(Errc::kNotFound, "no address of " + name);
  if (!allow_private) {
    std::erase_if(addresses, [](const net::SocketAddress& a) { return a.ip.IsLocalOrPrivate(); });
    if (addresses.empty()) co_return Fail(Errc::kPermissionDenied, name + " is a local or private address");
  }
  co_return addresses;
}

}  // namespace

Task<Result<ClientResponse>> Fetch(net::Loop& loop, std::shared_ptr<net::TlsContext> tls,
                                   ClientRequest request) {
  TM_CO_TRY(Check(request));
  const bool secure = request.url.scheme == "https";
  if (secure && !tls) co_return Fail(Errc::kInvalidArgument, "https needs a TLS context");
  const MonotonicTime deadline = loop.clock().Now() + request.timeout;
  const std::string name(WithoutBrackets(request.url.host));
  TM_CO_TRY_ASSIGN(auto addresses, co_await net::Until(loop, deadline,
                                                       Locate(loop, name, request.url.port,
                                                              request.allow_private_addresses)));
  net::ConnectOptions connect{.tls = secure ? std::move(tls) : nullptr, .server_name = name};
  TM_CO_TRY_ASSIGN(auto stream,
                   co_await net::ConnectToAny(loop, std::move(addresses), deadline, std::move(connect)));
  const bool head = request.method == "HEAD";
  Exchange exchange(loop, std::move(stream), deadline,
                    ResponseParser(request.response_bytes_max,
                                   head ? ResponseParser::Body::kNone : ResponseParser::Body::kAsFramed));
  exchange.Start(RequestText(request));
  co_return co_await exchange;
}

}  // namespace tidemill::http
