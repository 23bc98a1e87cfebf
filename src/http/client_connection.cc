#include "http/client_connection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/assert.h"
#include "http/grammar.h"
#include "net/connect.h"
#include "net/resolve.h"
#include "net/until.h"

namespace tidemill::http {
namespace {

bool HasBody(const ClientRequest& request) {
  return !request.body.empty() || (request.method != "GET" && request.method != "HEAD");
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

ClientConnection::ClientConnection(std::unique_ptr<net::Stream> stream)
    : loop_(stream->loop()), stream_(std::move(stream)) {
  stream_->SetHandler(this);
}

ClientConnection::~ClientConnection() { loop_.Retire(std::move(stream_)); }

ClientConnection::Answer ClientConnection::Ask(std::string_view request, ResponseParser parser,
                                               MonotonicTime deadline) {
  TM_ASSERT(!parser_ || done_);
  keeper_ = nullptr;
  done_.reset();
  answered_ = false;
  parser_.emplace(std::move(parser));
  loop_.timers().Schedule(*this, deadline);
  stream_->Queue(request);
  if (broken_) Finish(Fail(Errc::kUnavailable, "the connection ended before the request"));
  return Answer(*this);
}

// One that was kept and not used since has no parser.
bool ClientConnection::reusable() const { return !broken_ && done_ && (!parser_ || parser_->reusable()); }

void ClientConnection::Keep(Duration timeout, Keeper& keeper) {
  parser_.reset();  // an idle connection owns no buffer
  keeper_ = &keeper;
  loop_.timers().Schedule(*this, loop_.Now() + timeout);
}

void ClientConnection::OnData(std::string_view bytes) {
  if (done_) {
    broken_ = true;
    return EndIdle();
  }
  answered_ = true;
  const auto complete = parser_->Feed(bytes);
  if (!complete) return Finish(std::unexpected(complete.error()));
  if (*complete) Finish(parser_->Take());
}

void ClientConnection::OnClosed() {
  broken_ = true;
  if (!parser_ || done_) return EndIdle();
  const auto complete = parser_->End();
  if (complete && *complete) return Finish(parser_->Take());
  Finish(Fail(Errc::kUnavailable, "the server closed the connection before its response was complete"));
}

void ClientConnection::OnTimer() {
  if (keeper_) return EndIdle();
  Finish(Fail(Errc::kTimeout, "no response in time"));
}

// The awaiter may destroy this.
void ClientConnection::Finish(Result<ClientResponse> result) {
  if (done_) return;
  if (!result) broken_ = true;
  done_ = std::move(result);
  loop_.timers().Cancel(*this);
  if (awaiter_) std::exchange(awaiter_, nullptr).resume();
}

// The keeper destroys this.
void ClientConnection::EndIdle() {
  if (keeper_) std::exchange(keeper_, nullptr)->OnIdleEnd(*this);
}

// What others gave us must not become lines of its own.
Result<void> CheckRequest(const ClientRequest& request, const std::shared_ptr<net::TlsContext>& tls) {
  if (!IsToken(request.method)) return Fail(Errc::kInvalidArgument, "malformed method");
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name) || !IsFieldValue(value)) {
      return Fail(Errc::kInvalidArgument, "malformed request header");
    }
  }
  if (request.url.scheme == "https" && !tls) {
    return Fail(Errc::kInvalidArgument, "https needs a TLS context");
  }
  return {};
}

std::string RequestText(const ClientRequest& request, AfterResponse after) {
  const Url& url = request.url;
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host;
  const bool default_port = url.port == (url.scheme == "https" ? 443 : 80);
  if (!default_port) text += ":" + std::to_string(url.port);
  text += "\r\n";
  if (after == AfterResponse::kClose) text += "Connection: close\r\n";
  const auto is_agent = [](const auto& header) { return EqualIgnoringCase(header.first, "User-Agent"); };
  if (std::ranges::none_of(request.headers, is_agent)) text += "User-Agent: tidemill\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (HasBody(request)) text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

ResponseParser ParserFor(const ClientRequest& request) {
  const bool head = request.method == "HEAD";
  return ResponseParser(request.response_bytes_max,
                        head ? ResponseParser::Body::kNone : ResponseParser::Body::kAsFramed);
}

Task<Result<std::unique_ptr<ClientConnection>>> ConnectFor(net::Loop& loop,
                                                           std::shared_ptr<net::TlsContext> tls,
                                                           const ClientRequest& request,
                                                           MonotonicTime deadline) {
  const std::string name(WithoutBrackets(request.url.host));
  TM_CO_TRY_ASSIGN(auto addresses, co_await net::Until(loop, deadline,
                                                       Locate(loop, name, request.url.port,
                                                              request.allow_private_addresses)));
  net::ConnectOptions connect{.tls = request.url.scheme == "https" ? std::move(tls) : nullptr,
                              .server_name = name};
  TM_CO_TRY_ASSIGN(auto stream,
                   co_await net::ConnectToAny(loop, std::move(addresses), deadline, std::move(connect)));
  co_return std::make_unique<ClientConnection>(std::move(stream));
}

}  // namespace tidemill::http
