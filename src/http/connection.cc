#include "http/connection.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace tidemill::http {
namespace {

// How long a connection that ends with an error stays open so that the client can read why.
constexpr Duration kLinger = Seconds(2);

// Responses that a client has not yet taken, before its next request is looked at.
constexpr std::size_t kUnreadBytesMax = 256 * 1024;

// A buffer that has grown larger for once is given back.
constexpr std::size_t kInputBytesKept = 4 * 1024;
constexpr std::size_t kScratchBytesKept = 1024 * 1024;

// Counts a request while it is handled, until its task ends or is destroyed.
class InFlight {
 public:
  explicit InFlight(ServerMetrics* metrics) : metrics_(metrics) {
    if (metrics_) metrics_->requests_in_flight.Add(1);
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() {
    if (metrics_) metrics_->requests_in_flight.Sub(1);
  }

 private:
  ServerMetrics* const metrics_;
};

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

void Connection::RefuseWith503(net::Admission admission) {
  stream_->SetHandler(this);
  const bool in_all = admission == net::Admission::kTooManyConnections;
  Response response =
      Response::Text(503, in_all ? "too many connections\n" : "too many connections from your address\n");
  response.headers.emplace_back("Retry-After", "5");
  RespondAndClose(std::move(response));
}

void Connection::Drain() {
  close_after_ = true;
  if (handling_ || over_ || waiting_ != RequestParser::State::kNothing) return;
  if (stream_->queued_bytes() == 0) return Finish();
  Close(server_.options.limits.body_timeout);
}

void Connection::OnData(std::string_view bytes) {
  if (over_) return;
  if (server_.metrics) server_.metrics->bytes_received.Add(bytes.size());
  input_ += bytes;
  Work();
}

void Connection::OnWritable() {
  if (body_) return body_->OnWritable();
  if (over_ || handling_) return;
  stream_->ResumeReading();
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
    if (used_ == input_.size() || !server_.loop.ShareSpent()) continue;
    stream_->GiveBack({});  // nothing: what is left is in the input
    break;
  }
  working_ = false;
  // The response leaves before the fan-out of the turn.
  if (!over_) stream_->Send({});
}

// Reads and handles one request; true: look at once for the next.
bool Connection::WorkOnce() {
  if (over_ || handling_ || WaitForReader()) return false;
  const std::string_view input = std::string_view(input_).substr(used_);
  const auto state = input.empty() ? RequestParser::State::kNothing : parser_.Parse(input);
  if (!state) {
    Refuse(state.error());
    return false;
  }
  if (*state != RequestParser::State::kComplete) {
    ForgetHandled();
    if (parser_.expects_continue() && !std::exchange(continued_, true)) {
      stream_->Queue("HTTP/1.1 100 Continue\r\n\r\n");
    }
    Wait(*state);
    return false;
  }
  continued_ = false;
  used_ += parser_.Take(input, request_);
  request_.peer = stream_->peer();
  request_.over_tls = stream_->is_tls();
  server_.loop.timers().Cancel(*this);
  close_after_ = close_after_ || !request_.KeepsConnection();
  if (router_ != server_.router) router_ = server_.router;
  const Router::Route* const route = router_->Find(request_.path, request_.path_values);
  if (request_.path == "*") {
    Respond(server_.Options(request_, router_->allow()));
  } else if (!route) {
    Respond(Response::Text(404, "not found\n"));
  } else {
    Serve(*route);
  }
  return !over_ && !handling_;
}

// Whether the client must first read the responses it has: what is queued for it stays bounded.
bool Connection::WaitForReader() {
  if (stream_->queued_bytes() <= kUnreadBytesMax) return false;
  stream_->Send({});
  if (!stream_->blocked()) return false;
  stream_->PauseReading();
  Wait(RequestParser::State::kNothing);
  return true;
}

// Keeps of the input only what is not yet handled; an idle connection owns no buffer.
void Connection::ForgetHandled() {
  input_.erase(0, std::exchange(used_, 0));
  parser_.Compact(input_);
  if (input_.empty() && input_.capacity() > kInputBytesKept) std::string().swap(input_);
}

void Connection::Serve(const Router::Route& route) {
  if (request_.method == Method::kOptions) return Respond(server_.Options(request_, route.allow));
  const Router::Endpoint* const endpoint = route.For(request_.method);
  if (!endpoint) {
    Response response = Response::Text(405, "method not allowed\n");
    response.headers.emplace_back("Allow", route.allow);
    return Respond(std::move(response));
  }
  request_.path_names = endpoint->parameter_names;
  if (endpoint->takeover) return TakeOver(*endpoint->takeover);
  handling_ = true;
  scope_.Spawn(Run(*endpoint->handler));
  // The request's views point into the input: nothing may be added to it while the handler waits.
  if (handling_) stream_->PauseReading();
}

Task<void> Connection::Run(Handler& handler) {
  const InFlight in_flight(server_.metrics);
  Response response = co_await handler.Handle(request_);
  if (response.body_source && !over_) {
    co_await RespondStreaming(std::move(response));
    handling_ = false;
  } else {
    handling_ = false;
    if (over_) co_return;
    Respond(std::move(response));
  }
  stream_->ResumeReading();
  // Not from inside Work, which goes on by itself: a handler that waited has let Work return.
  if (!working_ && !over_) Work();
}

void Connection::TakeOver(TakeoverHandler& handler) {
  const std::string_view rest = std::string_view(input_).substr(used_);
  auto refused = handler.TakeOver(request_, stream_, rest);
  // What follows a refused upgrade must never be read as a request.
  if (refused) return RespondAndClose(*std::move(refused), request_.method == Method::kHead);
  over_ = true;
  Finish();
}

void Connection::Respond(Response response) {
  const bool keep_alive = !close_after_ && !response.close && !server_.draining;
  Write(&request_, response,
        {.keep_alive = keep_alive,
         .head_only = request_.method == Method::kHead,
         .version_minor = request_.version_minor});
  // A client may take as long for a body as for sending one.
  if (!keep_alive) Close(server_.options.limits.body_timeout);
}

Task<void> Connection::RespondStreaming(Response response) {
  const bool has_body = MayHaveBody(response.status);
  const bool chunked = has_body && request_.version_minor > 0;
  const bool keep_alive = (chunked || !has_body) && !close_after_ && !response.close && !server_.draining;
  const bool head_only = request_.method == Method::kHead || !has_body;
  Write(&request_, response,
        {.keep_alive = keep_alive,
         .head_only = head_only,
         .version_minor = request_.version_minor,
         .chunked = chunked});
  if (!head_only) {
    BodyWriter body(*stream_,
                    {.framing = chunked ? BodyWriter::Framing::kChunked : BodyWriter::Framing::kUntilClose,
                     .stall_timeout = server_.options.limits.body_timeout,
                     .metrics = server_.metrics});
    body_ = &body;
    const Result<void> written = co_await response.body_source->WriteTo(body);
    body_ = nullptr;
    if (over_) co_return;
    if (!written) {
      log::Debug("http.body_broken_off", {{"why", written.error().detail}});
      co_return Finish();
    }
    body.End();
  }
  if (!keep_alive || close_after_) Close(server_.options.limits.body_timeout);
}

void Connection::RespondAndClose(Response response, bool head_only) {
  Write(nullptr, response, {.keep_alive = false, .head_only = head_only});
  Close(kLinger);
}

void Connection::Write(const Request* request, const Response& response, ServerState::ResponseForm form) {
  std::string& out = server_.scratch;
  out.clear();
  server_.AppendResponse(request, response, form, out);
  stream_->Queue(out);
  if (out.size() > kScratchBytesKept) std::string().swap(out);
}

void Connection::Close(Duration linger) {
  over_ = true;
  server_.loop.timers().Cancel(*this);
  // A client that sends its whole body before it looks for the answer should find one.
  stream_->CloseAfterFlush(linger,
                           std::max(net::Stream::kDroppedBytesMax, server_.options.limits.body_bytes_max));
}

void Connection::Refuse(const Refused& refused) {
  log::Debug("http.request_refused",
             {{"peer", stream_->peer().ToString()}, {"status", refused.status}, {"why", refused.why}});
  const bool head_only = RequestParser::BeginsWithHead(std::string_view(input_).substr(used_));
  RespondAndClose(Response::Text(refused.status, std::string(refused.why) + "\n"), head_only);
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
