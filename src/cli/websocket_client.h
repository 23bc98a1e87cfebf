// The client's side of a WebSocket (RFC 6455), blocking, for `tidemill tail`. Text messages only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cli/connection.h"

namespace tidemill::cli {

// What a server sends, out of bytes in pieces of any size. No I/O here.
class ServerFrames {
 public:
  static constexpr std::size_t kMessageBytesMax = 16 * 1024 * 1024;

  struct Event {
    enum class Kind : std::uint8_t { kText, kPing, kClose };
    Kind kind = Kind::kText;
    std::string payload;     // kClose: the reason
    std::uint16_t code = 0;  // kClose: 1005 when the server gave none
  };

  void Feed(std::string_view bytes) { received_.append(bytes); }
  // The next message or control frame; nullopt: more bytes are needed. kInvalidArgument: not what a server
  // may send (masked, binary, compressed, badly fragmented). kLimitExceeded: a message over kMessageBytesMax.
  Result<std::optional<Event>> Next();

 private:
  struct Frame {
    std::uint8_t opcode = 0;
    bool final = false;
    std::string payload;
  };
  Result<std::optional<Frame>> NextFrame();

  std::string received_;
  std::string message_;  // of a fragmented one, so far
  bool in_message_ = false;
};

// A final frame with the mask that clients must use.
std::string MaskedFrame(std::uint8_t opcode, std::string_view payload);

class WebsocketClient {
 public:
  // kUnavailable: no connection; kPermissionDenied: an answer other than 101, the detail says which.
  static Result<std::unique_ptr<WebsocketClient>> Open(const Endpoint& endpoint, std::string_view path,
                                                       ConnectOptions options);

  // Pings are answered and never seen. kTimeout: nothing within `wait`.
  Result<ServerFrames::Event> Next(Duration wait);
  Result<void> SendText(std::string_view text);
  // Says goodbye without waiting for the answer.
  void SendClose();

 private:
  WebsocketClient(std::unique_ptr<Connection> connection, std::string_view rest)
      : connection_(std::move(connection)) {
    frames_.Feed(rest);
  }

  std::unique_ptr<Connection> connection_;
  ServerFrames frames_;
};

}  // namespace tidemill::cli
