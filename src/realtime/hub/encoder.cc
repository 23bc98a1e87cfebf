#include "realtime/hub/encoder.h"

#include "base/json.h"
#include "realtime/hub/framing.h"
#include "websocket/deflate.h"

namespace tidemill::hub {
namespace {

std::size_t IndexOf(const Form& form) {
  return static_cast<std::size_t>(form.encoding) * 2 + static_cast<std::size_t>(form.direction);
}

}  // namespace

void Encoder::Begin(std::string_view channel, const protocol::Publication& publication) {
  ++event_;
  channel_ = channel;
  publication_ = &publication;
  push_ = nullptr;
  data_bytes_ = publication.data.size();
  bytes_max_ = protocol::PublicationBytesMax(channel, publication);
  is_json_.reset();
}

void Encoder::Begin(const protocol::Push& push, std::size_t bytes_max) {
  ++event_;
  publication_ = nullptr;
  push_ = &push;
  data_bytes_ = 0;
  bytes_max_ = bytes_max;
}

bool Encoder::AppendTo(FrameLog& log, const Form& form) {
  if (form.encoding == protocol::Encoding::kJson && !IsJson()) return false;
  Message& message = messages_[IndexOf(form)];
  const std::string* const compressed = form.compressed ? Compressed(form, message) : nullptr;
  Form made = form;
  made.compressed = compressed != nullptr;
  if (!compressed && message.event != event_) {
    EncodeInto(log, made, message);
  } else {
    const std::string_view bytes = compressed ? std::string_view(*compressed) : message.bytes;
    log.Append(bytes.size() + kFrameOverheadMax, [&](std::string& out) { AppendFrame(made, bytes, out); });
  }
  return true;
}

bool Encoder::IsJson() {
  if (!publication_ || publication_->data_is_json) return true;
  if (!is_json_) is_json_ = tidemill::IsJson(publication_->data);
  return *is_json_;
}

void Encoder::Encode(const Form& form, std::string& out) const {
  if (publication_) {
    protocol::AppendPublicationPush(form.encoding, channel_, *publication_, out, form.direction);
  } else {
    protocol::AppendPush(form.encoding, *push_, out, form.direction);
  }
}

void Encoder::EncodeInto(FrameLog& log, const Form& form, Message& message) const {
  log.Append(bytes_max_ + kFrameOverheadMax, [&](std::string& out) {
    const FrameStart start = BeginFrame(form, data_bytes_ + message.overhead, out);
    Encode(form, out);
    message.bytes = EndFrame(form, start, out);
  });
  message.event = event_;
  message.overhead = message.bytes.size() - data_bytes_;
}

// Null: it is small, or would not be smaller. The message itself has been made in either case.
const std::string* Encoder::Compressed(const Form& form, Message& message) const {
  if (message.event != event_) {
    message.scratch.clear();
    Encode(form, message.scratch);
    message.bytes = message.scratch;
    message.event = event_;
  }
  if (message.bytes.size() < compression_min_bytes_) return nullptr;
  if (message.compressed_event != event_) {
    message.compressed_event = event_;
    message.compressed = websocket::DeflateMessage(message.bytes, 15);
  }
  return message.compressed ? &*message.compressed : nullptr;
}

}  // namespace tidemill::hub
