#include "http/connection.h"

#include <utility>

#include "base/log.h"

namespace tidemill::http {
namespace {

// How long a connection that ends with an error stays open so that the client can read why.
constexpr Duration kLinger = Seconds(2);

std::shared_ptr<Handler> HandlerFor(const Router::Route& route, Method method) {
  for (const auto& [served, handler] : route.handlers) {
    if (served == method || (served == Method::kGet && method == Method::kHead)) return handler;
  }
  return nullptr;
}

}  // namespace

Connection::Connection(ServerState& server, std::unique_ptr<net::Stream> stream)
    : server_(server), stream_(std::move(stream)), parser_(server.options.limits) {
  server_.Remember(*this);
}

Connection::~Connection() = default;

void Connection::Start() {
  stream_->SetHandler(this);
  Wait(RequestParser::State::kNothing);
  stream_->ReadNow();
}

void Connection::Turn503(net::Admission admission) {
  stream_->SetHandler(this);
  const bool in_all = admission == net::Admission::kTooManyConnections;
  Response response =
      Response::Text(503, in_all ? "too many connections\n" : "too many connections from your address\n");
  response.headers.emplace_back("Retry-After", "5");
  RespondAndClose(std::move(response));
}

void Connection::Drain() {
  close_after_ = true;
  if (!handling_ && waiting_ == RequestParser::State::kNothing && !over_) Finish();
}

void Connection::OnData(std::string_view bytes) {
  if (over_) return;
  if (server_.metrics) server_.metrics->bytes_received.Add(bytes.size());
  input_ += bytes;
  Work();
}

void Connection::OnClosed() {
  if (!finished_) Finish();
}

void Connection::OnRetire() {
  if (stream_) stream_->Close();
}

void Connection::OnTimer() {
  if (over_) return;
  if (waiting_ == RequestParser::State::kNothing) return Finish();
  if (server_.metrics) server_.metrics->timeouts.Add();
  Refuse({408, "the request did not arrive in time"});
}

void Connection::Work() {
  if (std::exchange(working_, true)) return;
  while (WorkOnce()) {
  }
  working_ = false;
}

// Reads and handles one request; true: look at once for the next.
bool Connection::WorkOnce() {
  if (over_ || handling_) return false;
  if (used_ > 0) input_.erase(0, std::exchange(used_, 0));
  if (input_.empty()) {
    // An idle connection owns no buffer.
    if (input_.capacity() > 4096) std::string().swap(input_);
    Wait(RequestParser::State::kNothing);
    return false;
  }
  const auto state = parser_.Parse(input_);
  if (!state) {
    Refuse(state.error());
    return false;
  }
  if (*state != RequestParser::State::kComplete) {
    if (parser_.expects_continue() && !std::exchange(continued_, true)) {
      stream_->Queue("HTTP/1.1 100 Continue\r\n\r\n");
    }
    Wait(*state);
    return false;
  }
  continued_ = false;
  used_ = parser_.Take(input_, request_);
  request_.peer = stream_->peer();
  request_.over_tls = stream_->is_tls();
  server_.loop.timers().Cancel(*this);
  if (request_.version_minor == 0 ? !request_.HeaderHasToken("connection", "keep-alive")
                                  : request_.HeaderHasToken("connection", "close")) {
    close_after_ = true;
  }
  const Router::Route* const route = server_.router.Find(request_.path);
  if (!route) {
    Respond(Response::Text(404, "not found\n"));
  } else {
    Serve(*route);
  }
  return !over_ && !handling_;
}

void Connection::Serve(const Router::Route& route) {
  if (request_.method == Method::kOptions) return Respond(server_.Options(request_, route));
  if (route.upgrade && request_.method == Method::kGet) return Upgrade(*route.upgrade);
  auto handler = HandlerFor(route, request_.method);
  if (!handler) {
    Response response = Response::Text(405, "method not allowed\n");
    response.headers.emplace_back("Allow", route.allow);
    return Respond(std::move(response));
  }
  handling_ = true;
  scope_.Spawn(Run(std::move(handler)));
  // The request's views point into the input: nothing may be added to it while the handler waits.
  if (handling_) stream_->PauseReading();
}

Task<void> Connection::Run(std::shared_ptr<Handler> handler) {
  Response response = co_await handler->Handle(request_);
  handling_ = false;
  if (over_) co_return;
  Respond(std::move(response));
  stream_->ResumeReading();
  // Not from inside Work, which goes on by itself: a handler that waited has let Work return.
  if (!working_ && !over_) Work();
}

void Connection::Upgrade(UpgradeHandler& handler) {
  const std::string_view rest = std::string_view(input_).substr(used_);
  auto refused = handler.Upgrade(request_, stream_, rest);
  // Whatever follows a refused upgrade must never be read as a request.
  if (refused) return RespondAndClose(*std::move(refused));
  over_ = true;
  Finish();
}

void Connection::Respond(Response response) {
  const bool keep_alive = !close_after_ && !response.close && !server_.draining;
  std::string& out = server_.scratch;
  out.clear();
  server_.AppendResponse(&request_, response,
                         {.keep_alive = keep_alive,
                          .head_only = request_.method == Method::kHead,
                          .version_minor = request_.version_minor},
                         out);
  stream_->Queue(out);
  if (keep_alive) return;
  over_ = true;
  server_.loop.timers().Cancel(*this);
  stream_->CloseAfterFlush(kLinger);
}

void Connection::RespondAndClose(Response response) {
  over_ = true;
  server_.loop.timers().Cancel(*this);
  std::string& out = server_.scratch;
  out.clear();
  server_.AppendResponse(nullptr, response, {.keep_alive = false}, out);
  stream_->Queue(out);
  stream_->CloseAfterFlush(kLinger);
}

void Connection::Refuse(const Refused& refused) {
  log::Debug("http.request_refused",
             {{"peer", stream_->peer().ToString()}, {"status", refused.status}, {"why", refused.why}});
  RespondAndClose(Response::Text(refused.status, std::string(refused.why) + "\n"));
}

// One absolute deadline per phase: bytes that trickle in do not move it.
void Connection::Wait(RequestParser::State state) {
  if (scheduled() && state == waiting_) return;
  waiting_ = state;
  const ServerLimits& limits = server_.options.limits;
  Duration timeout = limits.keep_alive_timeout;
  if (state == RequestParser::State::kHeaders) timeout = limits.headers_timeout;
  if (state == RequestParser::State::kBody) timeout = limits.body_timeout;
  server_.loop.timers().Schedule(*this, server_.loop.Now() + timeout);
}

void Connection::Finish() {
  over_ = finished_ = true;
  server_.loop.timers().Cancel(*this);
  server_.Forget(*this);
  server_.loop.Retire(std::unique_ptr<net::Retirable>(this));
}

}  // namespace tidemill::http
