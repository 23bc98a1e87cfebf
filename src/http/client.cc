#include "http/client.h"

#include <coroutine>
#include <optional>
#include <utility>

#include "http/response_parser.h"
#include "net/async.h"
#include "net/stream.h"

namespace tidemill::http {
namespace {

// One request on one stream: awaited until the response is there, the stream ends or the time is up.
class Exchange final : public net::StreamHandler, private net::Timer {
 public:
  Exchange(net::Loop& loop, std::unique_ptr<net::Stream> stream, MonotonicTime deadline,
           std::size_t body_bytes_max)
      : loop_(loop), stream_(std::move(stream)), deadline_(deadline), parser_(body_bytes_max) {}
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
    Finish(Fail(Errc::kUnavailable, "the connection ended before the response did"));
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

std::string RequestText(const ClientRequest& request) {
  const Url& url = request.url;
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host;
  const bool default_port = url.port == (url.scheme == "https" ? 443 : 80);
  if (!default_port) text += ":" + std::to_string(url.port);
  text += "\r\nConnection: close\r\nUser-Agent: tidemill\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty()) text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

std::string_view WithoutBrackets(std::string_view host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

Task<Result<net::SocketAddress>> Locate(net::Loop& loop, std::string host, std::uint16_t port,
                                        bool allow_private) {
  const std::string name(WithoutBrackets(host));
  net::SocketAddress address{.port = port};
  if (const auto literal = net::IpAddress::Parse(name)) {
    address.ip = *literal;
  } else {
    TM_CO_TRY_ASSIGN(const auto addresses, co_await net::Resolve(loop, name, port));
    if (addresses.empty()) co_return Fail(Errc::kNotFound, "no address of " + name);
    address = addresses.front();
  }
  // Judged by the address that is then connected to: a name cannot change its mind in between.
  if (!allow_private && address.ip.IsLocalOrPrivate()) {
    co_return Fail(Errc::kPermissionDenied, name + " is a local or private address");
  }
  co_return address;
}

}  // namespace

Task<Result<ClientResponse>> Fetch(net::Loop& loop, std::shared_ptr<net::TlsContext> tls,
                                   ClientRequest request) {
  const bool secure = request.url.scheme == "https";
  if (secure && !tls) co_return Fail(Errc::kInvalidArgument, "https needs a TLS context");
  const MonotonicTime deadline = loop.clock().Now() + request.timeout;
  TM_CO_TRY_ASSIGN(const net::SocketAddress address, co_await Locate(loop, request.url.host, request.url.port,
                                                                     request.allow_private_addresses));
  const Duration left = deadline - loop.clock().Now();
  if (left.ms <= 0) co_return Fail(Errc::kTimeout, "no address in time");
  net::ConnectOptions connect{.address = address,
                              .timeout = left,
                              .tls = secure ? std::move(tls) : nullptr,
                              .server_name = std::string(WithoutBrackets(request.url.host))};
  TM_CO_TRY_ASSIGN(auto stream, co_await net::Connect(loop, std::move(connect)));
  Exchange exchange(loop, std::move(stream), deadline, request.response_bytes_max);
  exchange.Start(RequestText(request));
  co_return co_await exchange;
}

}  // namespace tidemill::http
