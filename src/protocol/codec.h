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
#include "protocol/messages.h"

namespace tidemill::protocol {

enum class Encoding : std::uint8_t { kJson, kProtobuf };

// Walks the commands of one frame in order.
//
//   CommandReader reader(encoding, frame);
//   while (true) { auto command = reader.Next(); … }
//
// An empty frame has no commands: the first Next gives nullopt and `empty()` is true.
class CommandReader {
 public:
  CommandReader(Encoding encoding, std::string_view frame)
      : encoding_(encoding), rest_(frame), empty_(frame.empty()) {}

  // kInvalidArgument with the position and what was wrong; nothing can be read after it.
  Result<std::optional<Command>> Next();
  bool empty() const { return empty_; }

 private:
  Encoding encoding_;
  std::string_view rest_;
  bool empty_;
};

// Append one message. In JSON without a separator: the caller puts '\n' between messages of one frame.
// In Protobuf with its length in front. Payloads are written as they are, except that raw newlines in JSON
// payloads become spaces (newlines can only be insignificant blanks there).
void AppendReply(Encoding encoding, const Reply& reply, std::string& out);
void AppendPush(Encoding encoding, const Push& push, std::string& out);
// The hot one: AppendPush of a publication without building a Push.
void AppendPublicationPush(Encoding encoding, std::string_view channel, const Publication& publication,
                           std::string& out);
// Server ping: "{}" or one zero byte.
void AppendPing(Encoding encoding, std::string& out);

// Whether `text` is one valid JSON value of at most 64 levels (RFC 8259; UTF-8 checked).
bool IsJson(std::string_view text);
bool IsJsonObject(std::string_view text);

}  // namespace tidemill::protocol
