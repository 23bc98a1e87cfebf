#include "cli/websocket_client.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <span>

#include "base/base64.h"
#include "base/random.h"
#include "cli/http_message.h"

namespace tidemill::cli {
namespace {

constexpr std::uint8_t kContinuation = 0, kText = 1, kClose = 8, kPing = 9, kPong = 10;
constexpr std::uint16_t kNoCode = 1005;
constexpr Duration kWait = Seconds(10);

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  FillRandom(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

// RFC 6455 section 4.2.2, step 5.4.
std::string AcceptFor(std::string_view key) {
  const std::string text = fmt::format("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return Base64Encode({reinterpret_cast<const char*>(digest.data()), size}, Base64::kStandard);
}

std::uint64_t BigEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::unexpected<Error> Wrong(std::string_view what) {
  return Fail(Errc::kInvalidArgument, fmt::format("the server broke the WebSocket protocol: {}", what));
}

ServerFrames::Event CloseEvent(std::string_view payload) {
  ServerFrames::Event event{.kind = ServerFrames::Event::Kind::kClose, .code = kNoCode};
  if (payload.size() >= 2) {
    event.code = static_cast<std::uint16_t>(BigEndian(payload.substr(0, 2)));
    event.payload = payload.substr(2);
  }
  return event;
}

}  // namespace

std::string MaskedFrame(std::uint8_t opcode, std::string_view payload) {
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  const std::size_t size = payload.size();
  const int length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  frame += static_cast<char>(0x80 | (length_bytes == 0 ? size : length_bytes == 2 ? 126U : 127U));
  for (int i = length_bytes - 1; i >= 0; --i) frame += static_cast<char>(size >> (8 * i) & 0xff);
  const std::string mask = RandomBytes(4);
  frame += mask;
  for (std::size_t i = 0; i < size; ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  return frame;
}

Result<std::optional<ServerFrames::Frame>> ServerFrames::NextFrame() {
  if (received_.size() < 2) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(received_[0]);
  const auto second = static_cast<std::uint8_t>(received_[1]);
  if ((first & 0x70) != 0) return Wrong("a reserved bit");
  if ((second & 0x80) != 0) return Wrong("a masked frame");
  const std::size_t length_bytes = second == 126 ? 2 : second == 127 ? 8 : 0;
  if (received_.size() < 2 + length_bytes) return std::nullopt;
  const std::uint64_t size =
      length_bytes == 0 ? second : BigEndian(std::string_view(received_).substr(2, length_bytes));
  if (size > kMessageBytesMax - message_.size()) return Fail(Errc::kLimitExceeded, "a message over 16 MiB");
  if ((first & 0x08) != 0 && (size > 125 || (first & 0x80) == 0)) return Wrong("a long or cut control frame");
  if (received_.size() < 2 + length_bytes + size) return std::nullopt;
  Frame frame{.opcode = static_cast<std::uint8_t>(first & 0x0f),
              .final = (first & 0x80) != 0,
              .payload = received_.substr(2 + length_bytes, size)};
  received_.erase(0, 2 + length_bytes + size);
  return frame;
}

Result<std::optional<ServerFrames::Event>> ServerFrames::Next() {
  while (true) {
    TM_TRY_ASSIGN(std::optional<Frame> frame, NextFrame());
    if (!frame) return std::nullopt;
    switch (frame->opcode) {
      case kPong: continue;
      case kPing: return Event{.kind = Event::Kind::kPing, .payload = std::move(frame->payload)};
      case kClose: return CloseEvent(frame->payload);
      case kText:
      case kContinuation:
        if (in_message_ != (frame->opcode == kContinuation)) return Wrong("fragments out of order");
        message_ += frame->payload;
        in_message_ = !frame->final;
        if (in_message_) continue;
        return Event{.kind = Event::Kind::kText, .payload = std::exchange(message_, {})};
      default: return Wrong("a frame that was not asked for");
    }
  }
}

Result<std::unique_ptr<WebsocketClient>> WebsocketClient::Open(const Endpoint& endpoint,
                                                               std::string_view path,
                                                               ConnectOptions options) {
  TM_TRY_ASSIGN(std::unique_ptr<Connection> connection, Connection::Open(endpoint, options));
  const std::string key = Base64Encode(RandomBytes(16), Base64::kStandard);
  TM_TRY(connection->Write(
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Protocol: centrifuge-json\r\n\r\n",
                  path, endpoint.HostHeader(), key),
      kWait));
  std::string rest;
  TM_TRY_ASSIGN(const HttpHead head, ReadHead(*connection, kWait, rest));
  if (head.status != 101) {
    return Fail(Errc::kPermissionDenied, fmt::format("{}{} answered with status {} instead of a WebSocket",
                                                     endpoint.HostHeader(), path, head.status));
  }
  if (head.Header("sec-websocket-accept") != AcceptFor(key)) return Wrong("a false Sec-WebSocket-Accept");
  return std::unique_ptr<WebsocketClient>(new WebsocketClient(std::move(connection), rest));
}

Result<ServerFrames::Event> WebsocketClient::Next(Duration wait) {
  const MonotonicTime deadline = SystemClock().Now() + wait;
  while (true) {
    TM_TRY_ASSIGN(std::optional<ServerFrames::Event> event, frames_.Next());
    if (event && event->kind != ServerFrames::Event::Kind::kPing) return *std::move(event);
    if (event) {
      TM_TRY(connection_->Write(MaskedFrame(kPong, event->payload), kWait));
      continue;
    }
    char piece[16 * 1024];
    TM_TRY_ASSIGN(const std::size_t got, connection_->Read(piece, deadline - SystemClock().Now()));
    frames_.Feed({piece, got});
  }
}

Result<void> WebsocketClient::SendText(std::string_view text) {
  return connection_->Write(MaskedFrame(kText, text), kWait);
}

void WebsocketClient::SendClose() {
  constexpr std::string_view kNormalClosure("\x03\xe8", 2);
  // The connection ends here in any case.
  [[maybe_unused]] const Result<void> sent =
      connection_->Write(MaskedFrame(kClose, kNormalClosure), Seconds(1));
}

}  // namespace tidemill::cli
