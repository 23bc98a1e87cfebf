#include "websocket/frame.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/utf8.h"
#include "websocket/deflate.h"
#include "websocket/utf8.h"

namespace tidemill::websocket {

static_assert(std::endian::native == std::endian::little, "masks are rotated as little-endian words");

// A frame header (RFC 6455 section 5.2).
struct FrameReader::Frame {
  Opcode opcode = Opcode::kContinuation;
  bool final = false;
  bool compressed = false;  // RSV1
  bool reserved = false;    // RSV2 or RSV3
  bool masked = false;
  bool shortest = true;    // the length is in its shortest form, its top bit clear
  std::uint32_t mask = 0;  // bytes in wire order
  std::uint64_t payload_bytes = 0;

  bool is_control() const { return static_cast<std::uint8_t>(opcode) >= 8; }
};

struct FrameReader::Broken {
  CloseCode code;
  const char* rule;
};

// What is left between two reads.
struct FrameReader::Progress {
  explicit Progress(http::BufferBudget* buffers) : share(buffers) {}

  std::array<char, 14> header{};
  std::uint8_t header_bytes = 0;  // not zero: a header arrived in part

  Frame frame;  // of which payload_bytes are still to come
  bool in_frame = false;

  bool in_message = false;
  bool compressed = false;
  Opcode kind = Opcode::kText;
  Utf8Checker utf8;
  std::size_t frames = 0;
  std::string message;  // as it came, not inflated
  std::string control;
  http::BufferShare share;  // of `message`

  bool idle() const { return header_bytes == 0 && !in_frame && !in_message; }
};

namespace {

constexpr std::size_t kControlBytesMax = 125;
constexpr std::size_t kReasonBytesMax = kControlBytesMax - 2;
constexpr const char* kBadText = "text is not UTF-8";
constexpr const char* kNoRoom = "http_server.buffers_bytes_max is used up; try again";

template <class Word>
Word ReadBigEndian(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return std::byteswap(word);
}

void Unmask(std::span<char> bytes, std::uint32_t mask) {
  if (mask == 0) return;
  const std::uint64_t wide = mask | static_cast<std::uint64_t>(mask) << 32;
  char* at = bytes.data();
  char* const end = at + bytes.size();
  for (; end - at >= 8; at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= wide;
    std::memcpy(at, &word, sizeof word);
  }
  for (; at != end; ++at, mask = std::rotr(mask, 8)) *at = static_cast<char>(*at ^ static_cast<char>(mask));
}

// The length of the header whose first two bytes these are.
std::size_t HeaderBytes(const char* header) {
  const unsigned length = static_cast<std::uint8_t>(header[1]);
  const std::size_t extended = (length & 127) == 127 ? 8 : (length & 127) == 126 ? 2 : 0;
  return 2 + extended + ((length & 128) != 0 ? 4 : 0);
}

bool IsReserved(Opcode opcode) {
  const auto value = static_cast<std::uint8_t>(opcode);
  return (value >= 3 && value <= 7) || value >= 11;
}

// RFC 6455 section 7.4 and IANA's registry, which has since added 1012 to 1014.
bool MayBeOnTheWire(unsigned code) {
  if (code >= 1000 && code <= 1003) return true;
  if (code >= 1007 && code <= 1014) return true;
  return code >= 3000 && code <= 4999;
}

template <class Frame>
Frame ParseHeader(const char* header) {
  const auto first = static_cast<std::uint8_t>(header[0]);
  const auto second = static_cast<std::uint8_t>(header[1]);
  Frame frame;
  frame.opcode = static_cast<Opcode>(first & 15);
  frame.final = (first & 0x80) != 0;
  frame.compressed = (first & 0x40) != 0;
  frame.reserved = (first & 0x30) != 0;
  frame.masked = (second & 0x80) != 0;
  frame.payload_bytes = second & 127;
  if (frame.payload_bytes == 126) {
    frame.payload_bytes = ReadBigEndian<std::uint16_t>(header + 2);
    frame.shortest = frame.payload_bytes > 125;
  } else if (frame.payload_bytes == 127) {
    frame.payload_bytes = ReadBigEndian<std::uint64_t>(header + 2);
    frame.shortest = frame.payload_bytes > 0xffff && frame.payload_bytes >> 63 == 0;
  }
  if (frame.masked) std::memcpy(&frame.mask, header + HeaderBytes(header) - 4, 4);
  return frame;
}

// Bytes a message may take on the wire. Compressed, it may be longer than what comes out of it: data that
// cannot be compressed grows a little, and a sender may flush often.
std::uint64_t WireBytesMax(std::uint64_t message_bytes_max, bool compressed) {
  return compressed ? message_bytes_max + message_bytes_max / 8 + 1024 : message_bytes_max;
}

FrameReader::Event MessageEvent(Opcode kind, std::string_view payload) {
  using Kind = FrameReader::Event::Kind;
  return {.kind = kind == Opcode::kText ? Kind::kText : Kind::kBinary, .payload = payload};
}

}  // namespace

FrameReader::FrameReader(const FrameLimits& limits, Peer peer) : limits_(&limits), peer_(peer) {}
FrameReader::~FrameReader() = default;

std::optional<FrameReader::Event> FrameReader::Next(std::span<char>& bytes, MessageInflater* inflater) {
  if (ended_) bytes = {};
  DropEvent();
  while (!bytes.empty()) {
    std::optional<Event> event;
    if (progress_ && progress_->in_frame) {
      event = TakePiece(bytes, inflater);
    } else {
      Frame frame;
      if (!TakeHeader(bytes, frame)) return std::nullopt;
      if (const auto broken = Check(frame, inflater != nullptr)) return Fail(*broken);
      if (frame.payload_bytes <= bytes.size()) {
        const std::span<char> payload = bytes.first(frame.payload_bytes);
        bytes = bytes.subspan(frame.payload_bytes);
        Unmask(payload, frame.mask);
        event = TakeWhole(frame, payload, inflater);
      } else {
        Progress& held = EnsureProgress();
        held.frame = frame;
        held.in_frame = true;
        held.control.clear();
        if (!frame.is_control()) StartFrame(frame);
      }
    }
    if (event) return event;
  }
  return std::nullopt;
}

FrameReader::Progress& FrameReader::EnsureProgress() {
  if (!progress_) progress_ = std::make_unique<Progress>(limits_->buffers);
  return *progress_;
}

bool FrameReader::TakeHeader(std::span<char>& bytes, Frame& frame) {
  const bool split = progress_ && progress_->header_bytes > 0;
  if (!split && bytes.size() >= 2 && bytes.size() >= HeaderBytes(bytes.data())) {
    frame = ParseHeader<Frame>(bytes.data());
    bytes = bytes.subspan(HeaderBytes(bytes.data()));
    return true;
  }
  Progress& held = EnsureProgress();
  while (held.header_bytes < 2 || held.header_bytes < HeaderBytes(held.header.data())) {
    if (bytes.empty()) return false;
    held.header[held.header_bytes++] = bytes.front();
    bytes = bytes.subspan(1);
  }
  frame = ParseHeader<Frame>(held.header.data());
  held.header_bytes = 0;
  return true;
}

// Everything a header can be wrong in, before a byte of its payload is kept.
std::optional<FrameReader::Broken> FrameReader::Check(const Frame& frame, bool deflate) const {
  constexpr CloseCode kProtocol = CloseCode::kProtocolError;
  const bool in_message = progress_ && progress_->in_message;
  if (frame.reserved) return Broken{kProtocol, "reserved bit set"};
  if (IsReserved(frame.opcode)) return Broken{kProtocol, "reserved opcode"};
  if (frame.masked != (peer_ == Peer::kClient)) {
    return Broken{kProtocol, frame.masked ? "frame masked by a server" : "frame not masked"};
  }
  if (!frame.shortest) return Broken{kProtocol, "length not in its shortest form"};
  if (frame.is_control()) {
    if (frame.compressed) return Broken{kProtocol, "compressed control frame"};
    if (!frame.final) return Broken{kProtocol, "fragmented control frame"};
    if (frame.payload_bytes > kControlBytesMax) return Broken{kProtocol, "control frame over 125 bytes"};
    return std::nullopt;
  }
  const bool continues = frame.opcode == Opcode::kContinuation;
  if (continues && !in_message) return Broken{kProtocol, "continuation of nothing"};
  if (!continues && in_message) return Broken{kProtocol, "new message inside a message"};
  if (frame.compressed && continues) return Broken{kProtocol, "compression bit on a continuation"};
  if (frame.compressed && !deflate) return Broken{kProtocol, "compression was not agreed on"};
  const std::size_t frames = in_message ? progress_->frames : 0;
  if (frames >= limits_->fragments_max) return Broken{CloseCode::kPolicyViolation, "too many fragments"};
  const bool compressed = in_message ? progress_->compressed : frame.compressed;
  const std::size_t gathered = in_message ? progress_->message.size() : 0;
  if (frame.payload_bytes > WireBytesMax(limits_->message_bytes_max, compressed) - gathered) {
    return Broken{CloseCode::kTooBig, "message too big"};
  }
  return std::nullopt;
}

// A frame of which nothing has to be waited for; `payload` is unmasked.
std::optional<FrameReader::Event> FrameReader::TakeWhole(const Frame& frame, std::span<char> payload,
                                                         MessageInflater* inflater) {
  const std::string_view text(payload.data(), payload.size());
  if (frame.is_control()) return ControlEvent(frame.opcode, text);
  if (skipping_ && frame.final && frame.opcode != Opcode::kContinuation) return std::nullopt;
  if (frame.final && frame.opcode != Opcode::kContinuation) {
    if (frame.compressed) return InflateMessage(frame.opcode, text, *inflater);
    if (frame.opcode == Opcode::kText && !IsUtf8(text)) return Fail({CloseCode::kInvalidPayload, kBadText});
    return MessageEvent(frame.opcode, text);
  }
  StartFrame(frame);
  if (auto failed = Append(text)) return failed;
  return FinishFrame(frame, inflater);
}

// The next bytes of a frame that arrives in pieces.
std::optional<FrameReader::Event> FrameReader::TakePiece(std::span<char>& bytes, MessageInflater* inflater) {
  Progress& held = *progress_;
  Frame& frame = held.frame;
  const std::size_t taken = std::min<std::uint64_t>(frame.payload_bytes, bytes.size());
  const std::span<char> piece = bytes.first(taken);
  bytes = bytes.subspan(taken);
  Unmask(piece, frame.mask);
  frame.mask = std::rotr(frame.mask, static_cast<int>(taken % 4 * 8));
  frame.payload_bytes -= taken;
  held.in_frame = frame.payload_bytes > 0;
  const std::string_view text(piece.data(), piece.size());
  if (frame.is_control()) {
    held.control.append(text);
    if (held.in_frame) return std::nullopt;
    return ControlEvent(frame.opcode, held.control);
  }
  if (auto failed = Append(text)) return failed;
  if (held.in_frame) return std::nullopt;
  return FinishFrame(frame, inflater);
}

void FrameReader::StartFrame(const Frame& frame) {
  Progress& held = EnsureProgress();
  if (frame.opcode != Opcode::kContinuation) {
    held.in_message = true;
    held.kind = frame.opcode;
    held.compressed = frame.compressed;
    held.frames = 0;
    held.utf8 = {};
    held.message.clear();
  }
  ++held.frames;
}

// Adds to the message in progress; an event only if that breaks it.
std::optional<FrameReader::Event> FrameReader::Append(std::string_view piece) {
  if (skipping_) return std::nullopt;
  Progress& held = *progress_;
  if (held.kind == Opcode::kText && !held.compressed && !held.utf8.Feed(piece))
    return Fail({CloseCode::kInvalidPayload, kBadText});
  held.message.append(piece);
  if (held.share.Resize(held.message.capacity(), owner_)) return std::nullopt;
  limits_->buffers->CountRefusal();
  return Fail({CloseCode::kTryAgainLater, kNoRoom});
}

std::optional<FrameReader::Event> FrameReader::FinishFrame(const Frame& frame, MessageInflater* inflater) {
  if (!frame.final) return std::nullopt;
  Progress& held = *progress_;
  held.in_message = false;
  if (skipping_) return std::nullopt;
  if (held.compressed) {
    const std::size_t frames = held.frames;
    Event event = InflateMessage(held.kind, held.message, *inflater);
    event.frames = frames;
    return event;
  }
  if (!held.utf8.complete()) return Fail({CloseCode::kInvalidPayload, kBadText});
  Event event = MessageEvent(held.kind, held.message);
  event.frames = held.frames;
  return event;
}

FrameReader::Event FrameReader::InflateMessage(Opcode kind, std::string_view compressed,
                                               MessageInflater& inflater) {
  std::string message;
  if (const auto inflated = inflater.Inflate(compressed, limits_->message_bytes_max, message); !inflated) {
    if (inflated.error().code == Errc::kLimitExceeded) return Fail({CloseCode::kTooBig, "message too big"});
    return Fail({CloseCode::kInvalidPayload, "compressed data is damaged"});
  }
  if (kind == Opcode::kText && !IsUtf8(message)) return Fail({CloseCode::kInvalidPayload, kBadText});
  Progress& held = EnsureProgress();
  held.message = std::move(message);
  return MessageEvent(kind, held.message);
}

FrameReader::Event FrameReader::ControlEvent(Opcode opcode, std::string_view payload) {
  if (opcode == Opcode::kPing) return {.kind = Event::Kind::kPing, .payload = payload};
  if (opcode == Opcode::kPong) return {.kind = Event::Kind::kPong, .payload = payload};
  if (payload.size() == 1) return Fail({CloseCode::kProtocolError, "close frame of one byte"});
  CloseCode code = CloseCode::kNoStatus;
  if (!payload.empty()) {
    const unsigned sent = ReadBigEndian<std::uint16_t>(payload.data());
    if (!MayBeOnTheWire(sent)) return Fail({CloseCode::kProtocolError, "close code not allowed"});
    payload.remove_prefix(2);
    if (!IsUtf8(payload)) return Fail({CloseCode::kInvalidPayload, "close reason is not UTF-8"});
    code = static_cast<CloseCode>(sent);
  }
  ended_ = true;
  return {.kind = Event::Kind::kClose, .payload = payload, .code = code};
}

FrameReader::Event FrameReader::Fail(const Broken& broken) {
  ended_ = true;
  progress_.reset();
  return {.kind = Event::Kind::kError, .payload = {}, .code = broken.code, .error = broken.rule};
}

void FrameReader::SkipMessages() { skipping_ = true; }

void FrameReader::DropEvent() {
  if (!progress_) return;
  if (progress_->idle()) return progress_.reset();
  if (!skipping_) return;
  std::string().swap(progress_->message);
  (void)progress_->share.Resize(0, owner_);
}

std::size_t FrameReader::held_bytes() const {
  if (!progress_) return 0;
  return sizeof(Progress) + progress_->message.capacity() + progress_->control.capacity();
}

void WriteFrameHeader(FrameHeader header, std::size_t payload_bytes, char* at) {
  at[0] = static_cast<char>(0x80 | (header.compressed ? 0x40 : 0) | static_cast<int>(header.opcode));
  if (payload_bytes <= 125) {
    at[1] = static_cast<char>(payload_bytes);
  } else if (payload_bytes <= 0xffff) {
    at[1] = 126;
    const std::uint16_t length = std::byteswap(static_cast<std::uint16_t>(payload_bytes));
    std::memcpy(at + 2, &length, sizeof length);
  } else {
    at[1] = 127;
    const std::uint64_t length = std::byteswap(static_cast<std::uint64_t>(payload_bytes));
    std::memcpy(at + 2, &length, sizeof length);
  }
}

void AppendFrameHeader(FrameHeader header, std::size_t payload_bytes, std::string& out) {
  char bytes[10];
  WriteFrameHeader(header, payload_bytes, bytes);
  out.append(bytes, FrameHeaderBytes(payload_bytes));
}

void AppendMaskedFrame(Opcode opcode, std::string_view payload, std::uint32_t mask, std::string& out) {
  const std::size_t begin = out.size();
  AppendFrameHeader({.opcode = opcode}, payload.size(), out);
  out[begin + 1] = static_cast<char>(out[begin + 1] | 0x80);
  out.append(reinterpret_cast<const char*>(&mask), sizeof mask);
  out.append(payload);
  Unmask(std::span(out).last(payload.size()), mask);  // masking is its own inverse
}

std::size_t FrameBytes(std::string_view frame) {
  const unsigned length = static_cast<std::uint8_t>(frame[1]) & 127;
  if (length == 126) return 4 + std::size_t{ReadBigEndian<std::uint16_t>(frame.data() + 2)};
  if (length == 127) return 10 + ReadBigEndian<std::uint64_t>(frame.data() + 2);
  return 2 + std::size_t{length};
}

std::string ClosePayload(CloseCode code, std::string_view reason) {
  if (code == CloseCode::kNoStatus) return {};
  const auto number = static_cast<std::uint16_t>(code);
  std::string payload{static_cast<char>(number >> 8), static_cast<char>(number & 255)};
  payload += CutUtf8(reason, kReasonBytesMax);
  return payload;
}

}  // namespace tidemill::websocket
