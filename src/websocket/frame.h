// WebSocket frames (RFC 6455 section 5), as bytes in and events out. No I/O here.
//
// FrameReader takes what the peer sends, in pieces of any size, and gives messages and control frames. It
// unmasks in place inside the caller's buffer; a message that arrives whole in one piece is handed out
// without a copy, anything else is gathered in a buffer that exists only until the message ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/buffer_budget.h"

namespace tidemill::websocket {

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

// RFC 6455 section 7.4.1, those this server sends of itself.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kNoStatus = 1005,  // never on the wire: the peer's close frame was empty
  kInvalidPayload = 1007,
  kPolicyViolation = 1008,
  kTooBig = 1009,
  kInternalError = 1011,
  kTryAgainLater = 1013,
};

struct FrameLimits {
  std::size_t message_bytes_max = 65536;  // after inflating, below 2^31; over it: 1009
  std::size_t fragments_max = 16384;      // frames of one message; over it: 1008
  // What the messages of all connections that have not arrived whole take; over it: 1013. null: no limit.
  http::BufferBudget* buffers = nullptr;
};

// Who sends the frames that are read: a client masks them, a server does not (section 5.1).
enum class Peer : std::uint8_t { kClient, kServer };

class MessageInflater;  // websocket/deflate.h

class FrameReader {
 public:
  struct Event {
    enum class Kind : std::uint8_t { kText, kBinary, kPing, kPong, kClose, kError };
    Kind kind;
    // kText: valid UTF-8. kClose: the reason. Borrowed until the next call of Next.
    std::string_view payload;
    CloseCode code = CloseCode::kNoStatus;  // kClose: the peer's; kError: what to close with
    const char* error = nullptr;            // kError: the rule that was broken, for the log
    std::size_t frames = 1;                 // kText, kBinary: in which the message came
  };

  // `limits` must outlive the reader.
  explicit FrameReader(const FrameLimits& limits, Peer peer = Peer::kClient);
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  // Gives the next event found in `bytes`, removing what it used from the front; nullopt when `bytes` is used
  // up. After kError or kClose nothing more is read. `bytes` is unmasked in place.
  // `inflater` null: frames with RSV1 are errors.
  std::optional<Event> Next(std::span<char>& bytes, MessageInflater* inflater);

  // From now on the peer is known: what it sends counts as such (http/buffer_budget.h).
  void Admit() { owner_ = http::BufferOwner::kAdmitted; }

  // From now on messages are passed over, neither gathered nor inflated; control frames are still given.
  void SkipMessages();

  // Frees what the last event's payload lies in, if no more is read for now.
  void DropEvent();

  // Bytes held for a message in progress.
  std::size_t held_bytes() const;

 private:
  struct Frame;
  struct Progress;
  struct Broken;

  Progress& EnsureProgress();
  bool TakeHeader(std::span<char>& bytes, Frame& frame);
  std::optional<Broken> Check(const Frame& frame, bool deflate) const;
  std::optional<Event> TakeWhole(const Frame& frame, std::span<char> payload, MessageInflater* inflater);
  std::optional<Event> TakePiece(std::span<char>& bytes, MessageInflater* inflater);
  void StartFrame(const Frame& frame);
  std::optional<Event> Append(std::string_view piece);
  std::optional<Event> FinishFrame(const Frame& frame, MessageInflater* inflater);
  Event InflateMessage(Opcode kind, std::string_view compressed, MessageInflater& inflater);
  Event ControlEvent(Opcode opcode, std::string_view payload);
  Event Fail(const Broken& broken);

  const FrameLimits* limits_;
  std::unique_ptr<Progress> progress_;  // null while no message is in progress and no frame is split
  const Peer peer_;
  http::BufferOwner owner_ = http::BufferOwner::kStranger;
  bool ended_ = false;
  bool skipping_ = false;  // messages
};

// The header of one unmasked, final frame: 2, 4 or 10 bytes.
struct FrameHeader {
  Opcode opcode = Opcode::kText;
  bool compressed = false;  // RSV1
};
constexpr std::size_t FrameHeaderBytes(std::size_t payload_bytes) {
  return payload_bytes <= 125 ? 2 : payload_bytes <= 0xffff ? 4 : 10;
}
// Writes FrameHeaderBytes to `at`.
void WriteFrameHeader(FrameHeader header, std::size_t payload_bytes, char* at);
void AppendFrameHeader(FrameHeader header, std::size_t payload_bytes, std::string& out);
// Appends a whole frame as a client sends it: final, masked with `mask` (section 5.3).
void AppendMaskedFrame(Opcode opcode, std::string_view payload, std::uint32_t mask, std::string& out);
// The length of the whole frame that starts at `frame` (a server's: unmasked). At least its header is there.
std::size_t FrameBytes(std::string_view frame);

// A close frame's payload: code and a reason cut at 123 bytes on a character border. kNoStatus: empty.
std::string ClosePayload(CloseCode code, std::string_view reason);

}  // namespace tidemill::websocket
