#include "websocket/connection.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace tidemill::websocket {
namespace {

// Pongs wait for the end of the turn in the stream's queue. A peer that sends more pings than that in one go
// gets an answer to the latest only, as RFC 6455 section 5.5.3 allows.
constexpr std::size_t kQueuedPongBytesMax = 16 * 1024;

// Control frames are quickly done: the clock is asked once for so many.
constexpr unsigned kControlsPerLook = 16;

// A message may come in so many frames as if it were one.
constexpr std::size_t kFreeFragments = 16;

// From here on copying a message into the queue costs more than a send of its own: only what the kernel does
// not take is queued.
constexpr std::size_t kSentAtOnceBytes = 32 * 1024;

}  // namespace

// From the first Close frame, sent or seen, to the end.
struct Connection::Closing final : net::Timer {
  explicit Closing(Connection& c) : connection(c) {}

  // The peer did not answer our Close.
  void OnTimer() override {
    connection.stream_->Close();
    connection.handler_->OnClosed(CloseCode::kGoingAway, {});
  }

  Connection& connection;
  MonotonicTime give_up_at;
  CloseCode code = CloseCode::kGoingAway;  // for the handler
  std::string reason;
};

Connection::Connection(std::unique_ptr<net::Stream> stream, const ConnectionOptions& options,
                       std::unique_ptr<MessageInflater> inflater, ConnectionHandler& handler)
    : stream_(std::move(stream)),
      options_(&options),
      handler_(&handler),
      inflater_(std::move(inflater)),
      reader_(options.limits) {
  stream_->SetHandler(this);
}

Connection::~Connection() = default;

void Connection::Start(std::string_view rest) {
  std::string copy(rest);  // the HTTP side's bytes are not ours to unmask
  Read(copy);
}

void Connection::QueueMessage(Opcode kind, std::string_view payload) {
  if (!closing()) QueueFrame(kind, payload);
}

void Connection::QueuePing() {
  if (!closing()) QueueFrame(Opcode::kPing, {});
}

void Connection::Close(std::uint16_t code, std::string_view reason) {
  if (closing() || stream_->closed()) return;
  BeginClosing(static_cast<CloseCode>(code), reason);
  stream_->ResumeReading();  // the peer's Close is still to come
  stream_->loop().timers().Schedule(*closing_, closing_->give_up_at);
}

void Connection::OnData(std::string_view bytes) {
  // They lie in the loop's read buffer, which nobody else reads again.
  Read({const_cast<char*>(bytes.data()), bytes.size()});
}

void Connection::OnWritable() {
  SendLatePong();
  if (!closing()) handler_->OnWritable();
}

void Connection::OnClosed() {
  if (!closing_) {
    handler_->OnClosed(CloseCode::kGoingAway, {});
    return;
  }
  stream_->loop().timers().Cancel(*closing_);
  handler_->OnClosed(closing_->code, closing_->reason);
}

void Connection::Read(std::span<char> bytes) {
  unsigned controls = 0;  // since the clock was asked
  while (!stream_->closed()) {
    const auto event = reader_.Next(bytes, inflater_.get());
    if (!event) break;
    if (closing()) {
      TakeWhileClosing(*event);
    } else {
      Take(*event);
    }
    if (bytes.empty() || stream_->closed()) continue;
    const bool message = event->kind <= FrameReader::Event::Kind::kBinary;
    if (!message && ++controls % kControlsPerLook != 0 && !stream_->reading_paused()) continue;
    if (stream_->reading_paused() || stream_->loop().ShareSpent()) {
      reader_.DropEvent();
      stream_->GiveBack({bytes.data(), bytes.size()});
      break;
    }
  }
  if (late_pong_ && !stream_->blocked()) SendLatePong();
}

void Connection::Take(const FrameReader::Event& event) {
  using Kind = FrameReader::Event::Kind;
  switch (event.kind) {
    case Kind::kText:
    case Kind::kBinary:
      if (event.frames > kFreeFragments) handler_->OnExtraFrames(event.frames / kFreeFragments);
      if (!closing()) {
        handler_->OnMessage(event.kind == Kind::kText ? Opcode::kText : Opcode::kBinary, event.payload);
      }
      break;
    case Kind::kPing:
      AnswerPing(event.payload);
      handler_->OnExtraFrames(1);
      break;
    case Kind::kPong:
      handler_->OnPong();
      if (!closing()) handler_->OnExtraFrames(1);
      break;
    case Kind::kClose:
      BeginClosing(event.code, {});  // the answer repeats the code (section 5.5.1)
      EndStream(event.code, event.payload);
      break;
    case Kind::kError:
      if (event.code == CloseCode::kTryAgainLater) handler_->OnBuffersUsedUp();
      BeginClosing(event.code, event.error);
      EndStream(event.code, event.error);
      break;
  }
}

// Our Close is out: only the peer's is of interest. A peer that breaks the protocol now is not told so.
void Connection::TakeWhileClosing(const FrameReader::Event& event) {
  using Kind = FrameReader::Event::Kind;
  if (event.kind == Kind::kClose) EndStream(event.code, event.payload);
  if (event.kind == Kind::kError) EndStream(event.code, event.error);
}

void Connection::AnswerPing(std::string_view payload) {
  if (stream_->blocked() || stream_->queued_bytes() > kQueuedPongBytesMax) {
    late_pong_ = std::make_unique<std::string>(payload);
    return;
  }
  QueueFrame(Opcode::kPong, payload);
}

void Connection::SendLatePong() {
  const auto payload = std::exchange(late_pong_, nullptr);
  if (payload && !closing()) QueueFrame(Opcode::kPong, *payload);
}

void Connection::QueueFrame(Opcode opcode, std::string_view payload) {
  std::string header;
  AppendFrameHeader({.opcode = opcode}, payload.size(), header);
  std::size_t taken = 0;
  if (payload.size() >= kSentAtOnceBytes && !stream_->blocked()) {
    const std::array<iovec, 2> ranges{iovec{header.data(), header.size()},
                                      iovec{const_cast<char*>(payload.data()), payload.size()}};
    taken = stream_->Send(ranges);
  }
  const std::size_t of_header = std::min(taken, header.size());
  stream_->Queue(std::string_view(header).substr(of_header));
  stream_->Queue(payload.substr(taken - of_header));
}

void Connection::BeginClosing(CloseCode code, std::string_view reason) {
  QueueFrame(Opcode::kClose, ClosePayload(code, reason));
  reader_.SkipMessages();
  closing_ = std::make_unique<Closing>(*this);
  closing_->give_up_at = stream_->loop().Now() + options_->close_timeout;
}

// Both halves of the closing handshake are done, or there will be none: TCP's end is next (section 7.1.1).
void Connection::EndStream(CloseCode code, std::string_view reason) {
  net::Loop& loop = stream_->loop();
  loop.timers().Cancel(*closing_);
  closing_->code = code;
  closing_->reason = reason;
  const Duration left = closing_->give_up_at - loop.Now();
  stream_->CloseAfterFlush(std::max(left, Milliseconds(1)));
}

}  // namespace tidemill::websocket
