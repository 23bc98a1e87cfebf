// The two encodings of the client protocol. Bytes in, values out; no I/O, no state between frames.
//
// JSON: messages joined by one '\n'. Protobuf: each message behind its length as a varint. A frame may hold
// many messages. Unknown fields are skipped in both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "realtime/protocol/messages.h"

namespace tidemill::protocol {

enum class Encoding : std::uint8_t { kJson, kProtobuf };

// Whether the client sends commands on the same connection. One that only listens gets no replies, so that a
// push comes bare, without the reply around it: {"channel":…} in place of {"push":{"channel":…}}.
enum class Direction : std::uint8_t { kBidirectional, kUnidirectional };

// Walks the commands of one frame in order.
//
//   CommandReader reader(encoding, frame);
//   while (true) { auto command = reader.Next(); … }
//
// An empty frame has no commands: the first Next gives nullopt and `empty()` is true. The frame must outlive
// the reader, not the commands. A command with two different requests is refused: the protocol allows one,
// and servers differ in which of the two they would run. What a frame decodes to is bounded by its size: at
// most about 100 bytes of memory for each of its bytes.
class CommandReader {
 public:
  CommandReader(Encoding encoding, std::string_view frame)
      : encoding_(encoding), frame_(frame), rest_(frame) {}

  // kInvalidArgument with the position and what was wrong; nothing can be read after it.
  Result<std::optional<Command>> Next();
  bool empty() const { return frame_.empty(); }
  bool at_end() const { return rest_.empty(); }

 private:
  Result<Command> NextJson();
  Result<Command> NextProtobuf();
  std::size_t Position() const { return frame_.size() - rest_.size(); }

  Encoding encoding_;
  std::string_view frame_;
  std::string_view rest_;
};

// The connect request of a client that only listens, which comes without a command around it: in JSON.
// kInvalidArgument says what is wrong.
Result<ConnectRequest> ReadConnectRequest(std::string_view json);
// The body of POST /emulation; in Protobuf without a length in front. kInvalidArgument says what is wrong.
Result<EmulationRequest> ReadEmulationRequest(Encoding encoding, std::string_view body);

// Append one message. In JSON without a separator: the caller puts '\n' between messages of one frame.
// In Protobuf with its length in front. Payloads are written as they are, except that raw line breaks in JSON
// payloads become spaces (they can only be insignificant blanks there). A payload that is not JSON is a
// string in JSON, its bytes in base64.
void AppendReply(Encoding encoding, const Reply& reply, std::string& out);
void AppendPush(Encoding encoding, const Push& push, std::string& out,
                Direction direction = Direction::kBidirectional);
// The hot one: AppendPush of a publication without building a Push.
void AppendPublicationPush(Encoding encoding, std::string_view channel, const Publication& publication,
                           std::string& out, Direction direction = Direction::kBidirectional);
// The same where deltas were negotiated. A delta must be UTF-8 in JSON; data that are not JSON become the
// JSON of their base64 there.
void AppendDeltaPush(Encoding encoding, std::string_view channel, const PublicationDelta& publication,
                     std::string& out, Direction direction = Direction::kBidirectional);
// At least what AppendPublicationPush, or AppendPush of a join or leave, appends; in JSON, of data that are
// JSON.
std::size_t PublicationBytesMax(std::string_view channel, const Publication& publication);
std::size_t InfoPushBytesMax(std::string_view channel, const ClientInfo& info);

// Encodes the entries of a presence one by one, so that thousands of them can be spread over several turns of
// a loop: their reply then copies bytes only. `bytes_guess`: of all.
class PresenceEncoder {
 public:
  explicit PresenceEncoder(Encoding encoding, std::size_t bytes_guess = 0) : encoding_(encoding) {
    bytes_.reserve(bytes_guess);
  }
  void Append(const ClientInfo& info);
  // The result, for a reply in the same encoding. The encoder is then of no use.
  PresenceResult Finish();

 private:
  const Encoding encoding_;
  std::string bytes_;
};

// Server ping, in either direction: "{}" or one zero byte.
void AppendPing(Encoding encoding, std::string& out);

}  // namespace tidemill::protocol
