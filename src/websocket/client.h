// Client: a WebSocket as its client has it: the opening handshake (RFC 6455 section 4.1), then messages both
// ways. For the command line and for tests; servers use websocket/connection.h.
//
// Answers pings. Asks for no extension. Loop thread only; one task waits at a time. Events that nobody waits
// for are kept, and the stream is not read from meanwhile.
#pragma once

#include <coroutine>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/response_parser.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/task.h"
#include "websocket/frame.h"

namespace tidemill::websocket {

struct ClientOptions {
  std::string host;    // for the Host header: "[::1]:8000", "example.com"
  std::string target;  // path and query
  std::string subprotocol;
  FrameLimits limits = {.message_bytes_max = 16 * 1024 * 1024};
};

class Client final : private net::StreamHandler {
 public:
  // Asks on a new connection, and gives the WebSocket when the server agrees within `wait`.
  // kPermissionDenied: it answered with another status than 101; kInvalidArgument: not as a WebSocket server.
  static Task<Result<std::unique_ptr<Client>>> Open(std::unique_ptr<net::Stream> stream,
                                                    ClientOptions options, Duration wait);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  struct Event {
    enum class Kind : std::uint8_t { kOpened, kText, kBinary, kClosed };
    Kind kind = Kind::kText;
    std::string payload;                    // kClosed: the reason
    CloseCode code = CloseCode::kNoStatus;  // kClosed: the server's
  };
  // co_await client.Next(wait): the next message, or the server's Close. kTimeout: nothing within `wait`.
  // kClosed: the connection ended. kInvalidArgument: the server broke the protocol.
  class Waiting;
  Waiting Next(Duration wait);

  // Queues one message.
  void Send(Opcode kind, std::string_view payload);
  // Queues a Close; the server's follows.
  void SendClose(CloseCode code);

 private:
  Client(std::unique_ptr<net::Stream> stream, ClientOptions options);

  void OnData(std::string_view bytes) override;
  void OnWritable() override {}
  void OnClosed() override;

  void Ask();
  void ReadHandshake(std::string_view bytes);
  void FinishHandshake();
  std::optional<Error> CheckHandshake(const http::ClientResponse& response) const;
  void ReadFrames(std::span<char> bytes);
  void Take(const FrameReader::Event& event);
  void FailWith(Error error);
  void Wake();
  Result<Event> TakeEvent();

  std::unique_ptr<net::Stream> stream_;
  const ClientOptions options_;
  const std::string key_;
  http::ResponseParser response_;
  FrameReader reader_;
  bool open_ = false;
  std::deque<Event> events_;
  std::optional<Error> failure_;  // after the events
  Waiting* waiting_ = nullptr;
};

class [[nodiscard]] Client::Waiting final : public net::Timer {
 public:
  Waiting(Client& client, Duration wait) : client_(client), wait_(wait) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting();

  bool await_ready() const { return !client_.events_.empty() || client_.failure_; }
  void await_suspend(std::coroutine_handle<> awaiter);
  Result<Event> await_resume();
  void OnTimer() override { Resume(); }

 private:
  friend class Client;
  void Resume();

  Client& client_;
  const Duration wait_;
  std::coroutine_handle<> awaiter_;
};

inline Client::Waiting Client::Next(Duration wait) { return {*this, wait}; }

}  // namespace tidemill::websocket
