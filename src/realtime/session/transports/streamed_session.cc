#include "realtime/session/transports/streamed_session.h"

#include <sys/uio.h>

#include <string>
#include <utility>

#include "http/message.h"
#include "realtime/hub/framing.h"
#include "realtime/protocol/codec.h"
#include "realtime/session/connect_status.h"
#include "realtime/session/session_secret.h"

namespace tidemill::session {
namespace {

// For a client to take what is queued, and to close.
constexpr Duration kLinger = Seconds(5);
// HTTP allows a client to send its next request before the answer has ended. It never will, so that only a
// few bytes are passed over.
constexpr std::size_t kStrayBytesMax = 16 * 1024;
// From here on copying a message into the queue costs more than a send of its own: only what the kernel does
// not take is queued.
constexpr std::size_t kSentAtOnceBytes = 32 * 1024;

}  // namespace

StreamedSession::StreamedSession(Context& context, List& list, std::unique_ptr<net::Stream> stream,
                                 SessionForm form, std::unique_ptr<HeldHead> held)
    : secret_(MakeSessionSecret(context.loop.index())),
      stream_(std::move(stream)),
      form_(form),
      held_(std::move(held)),
      session_(context, *this, form) {
  stream_->SetHandler(this);
  list.Add(*this);
}

void StreamedSession::QueueMessage(std::string_view message) {
  if (closing_) return;
  if (held_) {
    stream_->Queue(held_->head);
    held_.reset();
  }
  std::string frame;
  frame.reserve(message.size() + hub::kFrameOverheadMax);
  hub::AppendFrame({.encoding = form_.encoding, .framing = form_.framing, .direction = form_.direction},
                   message, frame);
  std::size_t taken = 0;
  if (frame.size() >= kSentAtOnceBytes && !stream_->blocked()) {
    const iovec range{frame.data(), frame.size()};
    taken = stream_->Send({&range, 1});
  }
  stream_->Queue(std::string_view(frame).substr(taken));
}

void StreamedSession::Close(std::uint32_t code, std::string_view reason) {
  if (closing_ || stream_->closed()) return;
  if (held_) return AnswerRefusal(code, reason);
  std::string message;
  protocol::AppendPush(form_.encoding,
                       {.channel = "", .body = protocol::DisconnectPush{code, std::string(reason)}}, message,
                       form_.direction);
  QueueMessage(message);
  End();
}

void StreamedSession::RefuseConnect(const protocol::ErrorCode& error, const protocol::DisconnectCode& code) {
  if (held_ && !stream_->closed()) return AnswerRefusal(error.code, error.message);
  Close(code.code, code.reason);
}

// The head is that of the stream, but for the status and what the body is.
void StreamedSession::AnswerRefusal(std::uint32_t code, std::string_view reason) {
  const ConnectStatus answer = ConnectStatusOf(code, reason, held_->statuses);
  std::string head = std::move(held_->head);
  head.replace(head.find(held_->content_type), held_->content_type.size(), "text/plain; charset=utf-8");
  head.replace(
      0, head.find("\r\n"),
      "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(http::ReasonPhrase(answer.status)));
  stream_->Queue(head);
  stream_->Queue(answer.body);
  End();
}

void StreamedSession::End() {
  closing_ = true;
  stream_->ResumeReading();  // the client's end is still to come
  stream_->CloseAfterFlush(kLinger);
}

void StreamedSession::OnData(std::string_view bytes) {
  if (bytes.size() > kStrayBytesMax - stray_bytes_) {
    return session_.Disconnect(protocol::kDisconnectBadRequest);
  }
  stray_bytes_ = static_cast<std::uint16_t>(stray_bytes_ + bytes.size());
}

void StreamedSession::OnWritable() {
  if (!closing_) session_.OnWritable();
}

}  // namespace tidemill::session
