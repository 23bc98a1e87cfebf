// One HTTP/1.1 connection: reads requests, has them handled one at a time in order, writes responses, and
// gives its stream away when a request is for a takeover. Private to http/.
//
// A request is decided on as soon as its head is there: path, method, length of the body, and whether the
// handler lets it in. Only then is a body kept that has not arrived with the head, and its buffer grows with
// what arrives. What refuses a request is sent at once; the rest of a short body is dropped as it comes,
// before a longer one the connection closes. A handler that reads the body itself begins then; if it does not
// read all of it, the connection closes too.
//
// Reading stops while a handler waits and while the client leaves responses unread, so what is buffered is at
// most one request, or what its BodyReader keeps, what one read brought behind it, and kUnreadBytesMax and
// one response (one piece of a streamed one) on the way out; all of it counts in the server's BufferBudget. A
// client that half-closes still gets its answers; one that resets ends the handler that runs for it.
//
// Loop thread only. Owns itself: Finish takes it out of its server's list and retires it; a server that ends
// deletes those still in its list.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "http/body.h"
#include "http/body_reader.h"
#include "http/parser.h"
#include "http/server.h"
#include "http/server_state.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"

namespace tidemill::http {

class Connection final : public net::StreamHandler,
                         public net::Retirable,
                         public ListLink<Connection>,
                         private BodyReader::Owner,
                         private net::Timer {
 public:
  Connection(ServerState& server, std::unique_ptr<net::Stream> stream);
  ~Connection() override;

  void Start();
  // Answers 503 and closes: there are too many connections.
  void RefuseWith503(net::Admission admission);
  // No request after the one at hand.
  void Drain();

  // net::StreamHandler
  void OnData(std::string_view bytes) override;
  void OnWritable() override;
  void OnClosed() override;
  // net::Retirable
  void OnRetire() override;

 private:
  void OnTimer() override;
  void OnBodyWanted() override;
  void OnBodyRefused(const Refused& refused) override;
  void Work();
  bool WorkOnce();
  bool WaitForReader();
  void ForgetHandled();
  void Prepare(Request& request);
  // What answers the request; null: it was given in `refusal`.
  const Router::Endpoint* Decide(Request& request, std::optional<std::size_t> body_bytes, Response& refusal);
  std::size_t BodyBytesMax(const Router::Endpoint& endpoint) const;
  void DecideOnHead();
  void ServeOnHead(const Router::Endpoint& endpoint);
  void MakeBodyReader(const BodyReader::Options& options);
  void TakeBody(std::string_view bytes);
  std::optional<Response> Admit(const Router::Endpoint& endpoint, const Request& request);
  void RefuseBody(Response response);
  void DropInput();
  void Serve(const Router::Endpoint& endpoint);
  void TakeOver(TakeoverHandler& handler);
  Task<void> Run(std::shared_ptr<Handler> handler);
  Task<void> RespondStreaming(Response response);
  void Respond(const Request& request, Response response);
  void RespondAndClose(Response response, bool head_only = false);
  void Write(const Request* request, const Response& response, ServerState::ResponseForm form);
  void Close(Duration linger);
  void Refuse(const Refused& refused);
  void Wait(RequestParser::State state);
  void WatchUnread();
  bool Keep(std::string_view bytes);
  bool Count(std::size_t input_capacity);
  void RefuseForRoom();
  void CountRefusal();
  void Finish();

  ServerState& server_;
  std::unique_ptr<net::Stream> stream_;
  RequestParser parser_;
  Request request_;
  std::shared_ptr<const Router> router_;                        // that serves request_
  std::shared_ptr<const std::vector<std::string>> path_names_;  // of request_
  std::string input_;
  std::size_t used_ = 0;           // bytes of input_ that belong to the request at hand or before
  std::size_t discard_bytes_ = 0;  // of the body of a refused request: dropped when they come
  BufferShare share_;
  std::optional<MonotonicTime> answer_due_;  // what is queued must be taken by then
  RequestParser::State waiting_ = RequestParser::State::kNothing;
  BodyWriter* body_ = nullptr;               // of the response that is streamed
  std::unique_ptr<BodyReader> body_reader_;  // of the request whose handler reads its body
  bool admitted_ = false;                    // the request whose body is awaited was let in
  bool known_ = false;   // the last request was let in by a handler that does not admit strangers
  bool served_ = false;  // there was a request
  bool handling_ = false;
  bool working_ = false;
  bool close_after_ = false;
  bool continued_ = false;     // 100 Continue was sent
  bool continue_due_ = false;  // it is to be sent when the handler asks for the body
  bool over_ = false;          // no request after this one
  bool finished_ = false;      // retired
  TaskScope scope_;            // last: its task refers to all above
};

}  // namespace tidemill::http
