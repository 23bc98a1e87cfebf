#include "http/connection.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "http/host.h"

namespace tidemill::http {
namespace {

// How long a connection that ends with an error stays open so that the client can read why.
constexpr Duration kLinger = Seconds(2);

// Responses that a client has not yet taken, before its next request is looked at.
constexpr std::size_t kUnreadBytesMax = 256 * 1024;

// What is left of a refused request's body is read past up to this much, to keep the connection.
constexpr std::size_t kDiscardBytesMax = 64 * 1024;

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

// RFC 9110 section 15.5.20.
Response WrongHost(const Request& request) {
  Response response =
      Response::Text(421, "this server is not \"" + std::string(request.Header("Host").value_or("")) +
                              "\"; its setting http_server.allowed_hosts lists the names that it has\n");
  response.close = true;
  return response;
}

Response TooMany(net::Admission admission) {
  const bool in_all = admission == net::Admission::kTooManyConnections;
  Response response =
      Response::Text(503, in_all ? "too many connections\n" : "too many connections from your address\n");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

}  // namespace

Connection::Connection(ServerState& server, std::unique_ptr<net::Stream> stream)
    : server_(server),
      stream_(std::move(stream)),
      parser_(server.options.limits),
      share_(server.options.buffers) {
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
  RespondAndClose(TooMany(admission));
}

void Connection::Drain() {
  close_after_ = true;
  if (handling_ || over_ || waiting_ != RequestParser::State::kNothing) return;
  if (stream_->queued_bytes() == 0) return Finish();
  Close(server_.options.limits.answer_timeout);
}

void Connection::OnData(std::string_view bytes) {
  if (over_) return;
  if (body_reader_) return TakeBody(bytes);
  if (handling_) {
    // A request behind the one that is answered: it has to wait.
    stream_->GiveBack(bytes);
    return stream_->PauseReading();
  }
  if (server_.metrics) server_.metrics->bytes_received.Add(bytes.size());
  if (discard_bytes_ > 0) {
    const std::size_t dropped = std::min(discard_bytes_, bytes.size());
    discard_bytes_ -= dropped;
    bytes.remove_prefix(dropped);
    if (discard_bytes_ == 0 && close_after_) return Close(kLinger);
  }
  if (!Keep(bytes)) return RefuseForRoom();
  Work();
}

void Connection::OnWritable() {
  answer_due_.reset();
  if (body_) return body_->OnWritable();
  if (over_ || handling_) return;
  server_.loop.timers().Cancel(*this);
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
  if (answer_due_ && server_.loop.Now() >= *answer_due_) {
    if (server_.metrics) server_.metrics->answer_timeouts.Add();
    return Finish();
  }
  if (waiting_ == RequestParser::State::kNothing || discard_bytes_ > 0) return Finish();
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
  if (over_) return;
  // The response leaves before the fan-out of the turn.
  stream_->Send({});
  if (!Count(input_.capacity()) && !handling_) return RefuseForRoom();
  WatchUnread();
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
  if (*state == RequestParser::State::kBody && !admitted_) {
    DecideOnHead();
    return !over_ && !handling_;
  }
  if (*state != RequestParser::State::kComplete) {
    ForgetHandled();
    if (parser_.expects_continue() && !std::exchange(continued_, true)) {
      stream_->Queue("HTTP/1.1 100 Continue\r\n\r\n");
    }
    Wait(discard_bytes_ > 0 ? RequestParser::State::kBody : *state);
    return false;
  }
  continued_ = false;
  used_ += parser_.Take(input, request_);
  server_.loop.timers().Cancel(*this);
  Prepare(request_);
  Response refusal;
  if (const Router::Endpoint* const endpoint = Decide(request_, request_.body.size(), refusal)) {
    Serve(*endpoint);
  } else {
    admitted_ = false;
    Respond(request_, std::move(refusal));
  }
  return !over_ && !handling_;
}

void Connection::Prepare(Request& request) {
  served_ = true;
  request.peer = server_.ClientOf(request, stream_->peer());
  request.over_tls = stream_->is_tls();
  close_after_ = close_after_ || !request.KeepsConnection();
  // A request that was let in ends on the router that let it in.
  if (!admitted_ && router_ != server_.router) router_ = server_.router;
}

const Router::Endpoint* Connection::Decide(Request& request, std::optional<std::size_t> body_bytes,
                                           Response& refusal) {
  const Router::Route* route = router_->Find(request.path, request.path_values);
  const Mount* const mount = route ? route->mount.get() : nullptr;
  if (mount) route = mount->Find(request.path, request.path_values);
  if (!HostAllowed(request.Header("Host").value_or(""), server_.options.policy.hosts)) {
    refusal = WrongHost(request);
  } else if (request.path == "*") {
    refusal = server_.Options(request, router_->allow());
  } else if (!route) {
    refusal = mount ? mount->NotFound() : Response::Text(404, "not found\n");
  } else if (request.method == Method::kOptions) {
    refusal = server_.Options(request, route->allow);
  } else if (const Router::Endpoint* const endpoint = route->For(request.method)) {
    if (body_bytes.value_or(0) <= BodyBytesMax(*endpoint)) {
      path_names_ = endpoint->parameter_names;
      request.path_names = *path_names_;
      return endpoint;
    }
    refusal = Response::Text(413, "body too large\n");
    refusal.close = true;
  } else {
    refusal = mount ? mount->WrongMethod(route->allow) : Response::Text(405, "method not allowed\n");
    refusal.headers.emplace_back("Allow", route->allow);
  }
  return nullptr;
}

std::size_t Connection::BodyBytesMax(const Router::Endpoint& endpoint) const {
  const ServerLimits& limits = server_.options.limits;
  return std::min(endpoint.body_bytes_max(),
                  endpoint.reads_body() ? limits.streamed_body_bytes_max : limits.body_bytes_max);
}

// The head of a request is there, its body is not.
void Connection::DecideOnHead() {
  Request& head = parser_.head();
  Prepare(head);
  Response refusal;
  const Router::Endpoint* const endpoint = Decide(head, parser_.body_bytes(), refusal);
  if (!endpoint) return RefuseBody(std::move(refusal));
  if (auto refused = Admit(*endpoint, head)) return RefuseBody(*std::move(refused));
  admitted_ = true;
  if (endpoint->reads_body()) return ServeOnHead(*endpoint);
  parser_.LimitBody(BodyBytesMax(*endpoint));
}

// The handler reads the body. What has come of it already is the first piece.
void Connection::ServeOnHead(const Router::Endpoint& endpoint) {
  continue_due_ = parser_.expects_continue();
  const BodyReader::Options options{.body_bytes = parser_.body_bytes(),
                                    .bytes_max = BodyBytesMax(endpoint),
                                    .timeout = server_.options.limits.body_timeout};
  used_ += parser_.TakeHead(request_);
  MakeBodyReader(options);
  if (!Count(input_.capacity())) {
    body_reader_.reset();
    return RefuseForRoom();
  }
  const std::size_t taken = body_reader_->Take(std::string_view(input_).substr(used_));
  used_ += taken;
  continue_due_ = continue_due_ && taken == 0;
  server_.loop.timers().Cancel(*this);
  Serve(endpoint);
}

void Connection::MakeBodyReader(const BodyReader::Options& options) {
  BodyReader::Owner& owner = *this;
  body_reader_ = std::make_unique<BodyReader>(server_.loop, owner, options);
}

void Connection::TakeBody(std::string_view bytes) {
  const std::size_t taken = body_reader_->wants_more() ? body_reader_->Take(bytes) : 0;
  if (server_.metrics) server_.metrics->bytes_received.Add(taken);
  if (taken < bytes.size()) stream_->GiveBack(bytes.substr(taken));
  if (!body_reader_->wants_more()) stream_->PauseReading();
  body_reader_->Wake();
}

void Connection::OnBodyWanted() {
  if (over_) return;
  if (std::exchange(continue_due_, false)) stream_->Queue("HTTP/1.1 100 Continue\r\n\r\n");
  stream_->ResumeReading();
}

void Connection::OnBodyRefused(const Refused& refused) {
  if (over_) return;
  if (server_.metrics && refused.status == 408) server_.metrics->timeouts.Add();
  Refuse(refused);
  stream_->ResumeReading();
}

std::optional<Response> Connection::Admit(const Router::Endpoint& endpoint, const Request& request) {
  if (endpoint.takeover) return std::nullopt;
  std::optional<Response> refused = endpoint.handler->Admit(request);
  known_ = !refused && !endpoint.handler->admits_stranger(request);
  return refused;
}

// Answers a request whose body has not arrived.
void Connection::RefuseBody(Response response) {
  const auto missing = parser_.MissingBytes(std::string_view(input_).substr(used_));
  const bool drop = missing && *missing <= kDiscardBytesMax && !parser_.expects_continue();
  const bool keep_alive = drop && !close_after_ && !response.close && !server_.draining;
  const Request& head = parser_.head();
  Write(&head, response,
        {.keep_alive = keep_alive,
         .head_only = head.method == Method::kHead,
         .version_minor = head.version_minor});
  discard_bytes_ = keep_alive ? *missing : 0;
  DropInput();
  if (!keep_alive) Close(kLinger);
}

void Connection::DropInput() {
  std::string().swap(input_);
  used_ = 0;
  parser_.Forget();
  parser_.Compact(input_);
}

// Whether the client must first read the responses it has: what is queued for it stays bounded.
bool Connection::WaitForReader() {
  if (stream_->queued_bytes() <= kUnreadBytesMax) return false;
  stream_->Send({});
  if (!stream_->blocked()) return false;
  stream_->PauseReading();
  WatchUnread();
  return true;
}

// Keeps of the input only what is not yet handled; an idle connection owns no buffer.
void Connection::ForgetHandled() {
  input_.erase(0, std::exchange(used_, 0));
  parser_.Compact(input_);
  if (input_.capacity() <= kInputBytesKept || input_.size() > input_.capacity() / 4) return;
  std::string(input_).swap(input_);
}

void Connection::Serve(const Router::Endpoint& endpoint) {
  if (!std::exchange(admitted_, false)) {
    if (auto refused = Admit(endpoint, request_)) return Respond(request_, *std::move(refused));
  }
  if (endpoint.takeover) return TakeOver(*endpoint.takeover);
  if (endpoint.reads_body() && !body_reader_) {
    MakeBodyReader({.body_bytes = request_.body.size()});
    body_reader_->Take(std::exchange(request_.body, {}));
  }
  request_.body_reader = body_reader_.get();
  handling_ = true;
  // Until it asks for the body.
  if (body_reader_) stream_->PauseReading();
  scope_.Spawn(Run(endpoint.handler));
  // The request's views point into the input: nothing may be added to it while the handler waits.
  if (handling_ && !body_reader_ && !endpoint.handler->ends_at_half_close()) stream_->PauseReading();
}

Task<void> Connection::Run(std::shared_ptr<Handler> handler) {
  const InFlight in_flight(server_.metrics);
  Response response = co_await handler->Handle(request_);
  if (const auto reader = std::exchange(body_reader_, nullptr); reader && !reader->ended()) {
    response.close = true;
  }
  if (response.body_source && !over_) {
    co_await RespondStreaming(std::move(response));
    handling_ = false;
  } else {
    handling_ = false;
    if (over_) co_return;
    Respond(request_, std::move(response));
  }
  stream_->ResumeReading();
  // Not from inside Work, which goes on by itself: a handler that waited has let Work return.
  if (!working_ && !over_) Work();
}

void Connection::TakeOver(TakeoverHandler& handler) {
  // From here on the connection is of one client, through whichever proxy it comes.
  if (const auto admission = stream_->AssumePeer(request_.peer); admission != net::Admission::kAdmitted) {
    return RespondAndClose(TooMany(admission), request_.method == Method::kHead);
  }
  const std::string_view rest = std::string_view(input_).substr(used_);
  auto refused = handler.TakeOver(request_, stream_, rest, server_);
  // What follows a refused upgrade must never be read as a request.
  if (refused) return RespondAndClose(*std::move(refused), request_.method == Method::kHead);
  over_ = true;
  Finish();
}

void Connection::Respond(const Request& request, Response response) {
  const bool keep_alive = !close_after_ && !response.close && !server_.draining;
  Write(&request, response,
        {.keep_alive = keep_alive,
         .head_only = request.method == Method::kHead,
         .version_minor = request.version_minor});
  if (!keep_alive) Close(server_.options.limits.answer_timeout);
}

Task<void> Connection::RespondStreaming(Response response) {
  const bool has_body = MayHaveBody(response.status);
  // What may wait for the client besides a piece.
  const std::size_t queued_bytes_max = response.body_source->queued_bytes_max();
  if (has_body && !share_.Resize(input_.capacity() + queued_bytes_max,
                                 known_ ? BufferOwner::kAdmitted : BufferOwner::kStranger)) {
    co_return RefuseForRoom();
  }
  const bool chunked = has_body && !response.body_source_bytes && request_.version_minor > 0;
  const bool ends = chunked || response.body_source_bytes || !has_body;
  const bool keep_alive = ends && !close_after_ && !response.close && !server_.draining;
  const bool head_only = request_.method == Method::kHead || !has_body;
  Write(&request_, response,
        {.keep_alive = keep_alive,
         .head_only = head_only,
         .version_minor = request_.version_minor,
         .chunked = chunked});
  if (!head_only) {
    BodyWriter body(*stream_,
                    {.framing = chunked ? BodyWriter::Framing::kChunked : BodyWriter::Framing::kPlain,
                     .queued_bytes_max = queued_bytes_max,
                     .stall_timeout = server_.options.limits.answer_timeout,
                     .metrics = server_.metrics});
    body_ = &body;
    Result<void> written = co_await response.body_source->WriteTo(body);
    body_ = nullptr;
    if (over_) co_return;
    if (written && response.body_source_bytes.value_or(body.body_bytes()) != body.body_bytes()) {
      written = Fail(Errc::kInternal, "the body is not as long as its source has said");
    }
    if (!written) {
      log::Debug("http.body_broken_off", {{"why", written.error().detail}});
      co_return Finish();
    }
    body.End();
  }
  if (!keep_alive || close_after_) Close(server_.options.limits.answer_timeout);
}

void Connection::RespondAndClose(Response response, bool head_only) {
  Write(nullptr, response, {.keep_alive = false, .head_only = head_only});
  DropInput();
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
  if (stream_->queued_bytes() > BufferShare::kFreeBytes) stream_->Send({});
  // A client that sends its whole body before it looks for the answer should find one.
  stream_->CloseAfterFlush(linger,
                           std::max(net::Stream::kDroppedBytesMax, server_.options.limits.body_bytes_max));
  if (Count(input_.capacity())) return;
  CountRefusal();
  Finish();
}

void Connection::Refuse(const Refused& refused) {
  log::Debug("http.request_refused",
             {{"peer", stream_->peer().ToString()}, {"status", refused.status}, {"why", refused.why}});
  const bool head_only = RequestParser::BeginsWithHead(std::string_view(input_).substr(used_));
  RespondAndClose(Response::Text(refused.status, std::string(refused.why) + "\n"), head_only);
}

// One absolute deadline per phase: bytes that trickle in do not move it, nor the one for taking answers.
void Connection::Wait(RequestParser::State state) {
  if (scheduled() && state == waiting_) return;
  waiting_ = state;
  const ServerLimits& limits = server_.options.limits;
  Duration timeout = served_ ? limits.keep_alive_timeout : limits.headers_timeout;
  if (state == RequestParser::State::kHeaders) timeout = limits.headers_timeout;
  if (state == RequestParser::State::kBody) timeout = limits.body_timeout;
  MonotonicTime due = server_.loop.Now() + timeout;
  if (answer_due_) due = std::min(due, *answer_due_);
  server_.loop.timers().Schedule(*this, due);
}

// Sets the deadline for taking answers while some of them wait for the client.
void Connection::WatchUnread() {
  if (!stream_->blocked()) return answer_due_.reset();
  if (!answer_due_) answer_due_ = server_.loop.Now() + server_.options.limits.answer_timeout;
  if (!handling_ && (!scheduled() || deadline() > *answer_due_)) {
    server_.loop.timers().Schedule(*this, *answer_due_);
  }
}

// Adds to the input. The buffer grows with what arrives, but not over the end of a request whose length is
// known. False: there is no room.
bool Connection::Keep(std::string_view bytes) {
  const std::size_t needed = input_.size() + bytes.size();
  if (needed > input_.capacity()) {
    std::size_t capacity = std::max(needed, 2 * input_.capacity());
    const auto missing =
        admitted_ ? parser_.MissingBytes(std::string_view(input_).substr(used_)) : std::nullopt;
    if (missing) capacity = std::clamp(capacity, needed, std::max(needed, input_.size() + *missing));
    if (!Count(capacity)) return false;
    // A string that grows takes at least twice as much as before, whatever is asked.
    std::string grown;
    grown.reserve(capacity);
    grown += input_;
    input_.swap(grown);
  }
  input_ += bytes;
  return true;
}

// Counts the connection's buffers, of which the input takes that much. False: there is no room for them.
bool Connection::Count(std::size_t input_capacity) {
  const std::size_t bytes = input_capacity + parser_.buffered_bytes() + stream_->queued_bytes() +
                            (body_reader_ ? BodyReader::kCountedBytes : 0);
  return share_.Resize(bytes, known_ ? BufferOwner::kAdmitted : BufferOwner::kStranger);
}

// Answers of which the client has not taken enough are dropped with their connection.
void Connection::RefuseForRoom() {
  CountRefusal();
  if (stream_->queued_bytes() > kUnreadBytesMax) return Finish();
  Response response =
      Response::Text(503, "the memory for requests is used up (http_server.buffers_bytes_max)\n");
  response.headers.emplace_back("Retry-After", "1");
  RespondAndClose(std::move(response));
}

void Connection::CountRefusal() {
  BufferBudget& budget = *server_.options.buffers;
  budget.CountRefusal();
  if (const auto suppressed = server_.buffers_used_up.Count(server_.loop.Now())) {
    log::Warn("http.buffers_used_up", {{"peer", stream_->peer().ToString()},
                                       {"used_bytes", budget.used_bytes()},
                                       {"limit_bytes", budget.bytes_max()},
                                       {"setting", "http_server.buffers_bytes_max"},
                                       {"suppressed", *suppressed}});
  }
}

void Connection::Finish() {
  over_ = finished_ = true;
  server_.loop.timers().Cancel(*this);
  server_.Forget(*this);
  server_.loop.Retire(std::unique_ptr<net::Retirable>(this));
}

}  // namespace tidemill::http
