#include "realtime/hub/encoder.h"

#include "base/json.h"
#include "realtime/hub/framing.h"
#include "websocket/deflate.h"

namespace tidemill::hub {
namespace {

std::size_t IndexOf(const Form& form) {
  return static_cast<std::size_t>(form.encoding) * 2 + static_cast<std::size_t>(form.direction);
}

bool HoldsJson(const protocol::Publication& publication, std::optional<bool>& known) {
  if (publication.data_is_json) return true;
  if (!known) known = tidemill::IsJson(publication.data);
  return *known;
}

}  // namespace

void Encoder::Begin(std::string_view channel, const protocol::Publication& publication,
                    std::optional<Delta> delta) {
  ++event_;
  channel_ = channel;
  publication_ = &publication;
  push_ = nullptr;
  delta_ = delta;
  data_bytes_ = publication.data.size();
  bytes_max_ = protocol::PublicationBytesMax(channel, publication);
  is_json_.reset();
  base_is_json_.reset();
}

void Encoder::Begin(const protocol::Push& push, std::size_t bytes_max) {
  ++event_;
  publication_ = nullptr;
  push_ = &push;
  delta_.reset();
  data_bytes_ = 0;
  bytes_max_ = bytes_max;
}

bool Encoder::AppendTo(FrameLog& log, const Form& form) {
  if (form.encoding == protocol::Encoding::kJson && !IsJson()) return false;
  const Content content = ContentFor(form);
  Message& message = messages_[IndexOf(form) * kContents + static_cast<std::size_t>(content)];
  const std::string* const compressed = form.compressed ? Compressed(form, content, message) : nullptr;
  Form made = form;
  made.compressed = compressed != nullptr;
  if (!compressed && message.event != event_) {
    EncodeInto(log, made, content, message);
  } else {
    const std::string_view bytes = compressed ? std::string_view(*compressed) : message.bytes;
    log.Append(bytes.size() + kFrameOverheadMax, [&](std::string& out) { AppendFrame(made, bytes, out); });
  }
  return true;
}

bool Encoder::IsJson() { return !publication_ || HoldsJson(*publication_, is_json_); }

// A JSON connection is sent data that are not JSON as something else, if at all: no delta is of those.
Encoder::Content Encoder::ContentFor(const Form& form) {
  if (form.deltas == Deltas::kNone || !publication_) return Content::kPlain;
  const bool is_json = form.encoding == protocol::Encoding::kJson;
  const bool has_base = form.deltas == Deltas::kFollowed && delta_;
  if (has_base && (!is_json || HoldsJson(*delta_->base, base_is_json_))) return Content::kDelta;
  return is_json ? Content::kText : Content::kPlain;
}

void Encoder::Encode(const Form& form, Content content, std::string& out) const {
  if (!publication_) return protocol::AppendPush(form.encoding, *push_, out, form.direction);
  if (content == Content::kPlain) {
    return protocol::AppendPublicationPush(form.encoding, channel_, *publication_, out, form.direction);
  }
  const bool is_delta = content == Content::kDelta;
  const std::string_view data = is_delta ? delta_->bytes : publication_->data;
  protocol::AppendDeltaPush(form.encoding, channel_, {*publication_, data, is_delta}, out, form.direction);
}

// Texts are a little longer than the data for the escapes in them: how much shows when they are written.
void Encoder::EncodeInto(FrameLog& log, const Form& form, Content content, Message& message) const {
  const std::size_t data_bytes = content == Content::kDelta ? delta_->bytes.size() : data_bytes_;
  log.Append(bytes_max_ - data_bytes_ + data_bytes + kFrameOverheadMax, [&](std::string& out) {
    const FrameStart start = BeginFrame(form, data_bytes + message.overhead, out);
    Encode(form, content, out);
    message.bytes = EndFrame(form, start, out);
  });
  message.event = event_;
  message.overhead = message.bytes.size() - data_bytes;
}

// Null: it is small, or would not be smaller. The message itself has been made in either case.
const std::string* Encoder::Compressed(const Form& form, Content content, Message& message) const {
  if (message.event != event_) {
    message.scratch.clear();
    Encode(form, content, message.scratch);
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
