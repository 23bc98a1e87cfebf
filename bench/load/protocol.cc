#include "load/protocol.h"

namespace load {
namespace {

// What surrounds the channel and the data of a publication.
struct Envelope {
  std::string_view before, between, after;
  std::size_t bytes() const { return before.size() + between.size() + after.size(); }
};
constexpr Envelope kCentrifuge{R"({"push":{"channel":")", R"(","pub":{"data":)", "}}}"};
constexpr Envelope kPlain{R"({"channel":")", R"(","data":)", "}"};
constexpr Envelope kSocketIo{R"(42["message",{"channel":")", R"(","data":)", "}]"};

// An event of a text/event-stream, and a line of HTTP streaming.
constexpr std::string_view kEventField = "data: ";
constexpr std::string_view kEventEnd = "\n\n";
constexpr std::string_view kLineEnd = "\n";

constexpr int kPingFrame = 9;
constexpr char kPongFrame[] = "\x8a\x80\0\0\0\0";  // masked by zeros, empty

std::string TextFrame(std::string_view payload) {
  std::string frame;
  AppendFrame(payload, frame);
  return frame;
}

}  // namespace

std::string ConnectCommand(const std::string& token) {
  if (token.empty()) return R"({"id":1,"connect":{}})";
  return R"({"id":1,"connect":{"token":")" + token + "\"}}";
}

std::string_view Protocol::path() const {
  switch (target_) {
    case Target::kTidemill:
    case Target::kCentrifuge: return "/connection/websocket";
    case Target::kSse: return "/connection/sse";
    case Target::kHttpStream: return "/connection/http_stream";
    case Target::kSocketIo: return "/socket.io/?EIO=4&transport=websocket";
    case Target::kPlain: return "/ws";
    case Target::kFloor: return "/";
  }
  return "/";
}

std::string Protocol::Opening(const std::string& channel) const {
  if (!streams()) return Handshake(path());
  const std::string commands = Steps(channel).front().say;
  return "POST " + std::string(path()) +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + std::to_string(commands.size()) + "\r\n\r\n" +
         commands;
}

Frame Protocol::Take(std::string_view bytes) const {
  if (!streams()) return TakeFrame(bytes);
  const std::string_view end = target_ == Target::kSse ? kEventEnd : kLineEnd;
  const std::size_t at = bytes.find(end);
  if (at == std::string_view::npos) return {};
  std::string_view payload = bytes.substr(0, at);
  if (payload.starts_with(kEventField)) payload.remove_prefix(kEventField.size());
  return {.bytes = at + end.size(), .opcode = kTextFrame, .payload = payload};
}

std::size_t Protocol::FrameBytesOf(std::size_t payload_bytes) const {
  if (target_ == Target::kSse) return kEventField.size() + payload_bytes + kEventEnd.size();
  return target_ == Target::kHttpStream ? payload_bytes + kLineEnd.size() : FrameBytes(payload_bytes);
}

std::vector<Step> Protocol::Steps(const std::string& channel) const {
  if (target_ == Target::kPlain) {
    if (channel.empty()) return {};
    return {{.say = R"({"subscribe":")" + channel + "\"}", .answer = R"("subscribed")"}};
  }
  if (target_ == Target::kSocketIo) {
    std::vector<Step> steps{{.say = "40", .answer = "40{"}};
    if (!channel.empty())
      steps.push_back({.say = R"(420["subscribe",")" + channel + "\"]", .answer = "430["});
    return steps;
  }
  const std::string connect = ConnectCommand(token_);
  if (channel.empty()) return {{.say = connect, .answer = R"("id":1,"connect")"}};
  return {{.say = connect + "\n{\"id\":2,\"subscribe\":{\"channel\":\"" + channel + "\"}}",
           .answer = R"("id":2,"subscribe")"}};
}

std::size_t Protocol::DeliveryBytes(std::size_t channel_bytes, std::size_t data_bytes) const {
  const Envelope& envelope = target_ == Target::kPlain      ? kPlain
                             : target_ == Target::kSocketIo ? kSocketIo
                                                            : kCentrifuge;
  return FrameBytesOf(envelope.bytes() + channel_bytes + data_bytes);
}

std::size_t Protocol::Publications(std::string_view payload) {
  if (payload.ends_with('\n')) payload.remove_suffix(1);
  std::size_t publications = 1;
  for (std::size_t at = payload.find('\n'); at != std::string_view::npos; at = payload.find('\n', at + 1))
    ++publications;
  return publications;
}

std::string Protocol::Pong(const Frame& frame) const {
  if (frame.opcode == kPingFrame) return {kPongFrame, sizeof(kPongFrame) - 1};
  if (frame.payload == "{}" && centrifuge()) return TextFrame("{}");
  if (frame.payload == "2" && target_ == Target::kSocketIo) return TextFrame("3");
  return {};
}

std::string Protocol::PublishRequest(std::string_view channel, std::string_view data,
                                     std::string_view api_key, std::size_t receivers) const {
  std::string body(kPlain.before);
  body.append(channel).append(kPlain.between).append(data).append(kPlain.after);
  const std::string path = target_ == Target::kFloor ? "/next/" + std::to_string(receivers)
                           : centrifuge()            ? "/api/publish"
                                                     : "/publish";
  std::string request = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
  request.append("X-API-Key: ").append(api_key);
  request += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return request + body;
}

bool Protocol::Published(std::string_view body) const { return !centrifuge() || body.contains("\"result\""); }

}  // namespace load
