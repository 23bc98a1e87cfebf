#include "realtime/hub/framing.h"

#include "base/assert.h"
#include "realtime/protocol/wire.h"
#include "websocket/frame.h"

namespace tidemill::hub {
namespace {

// https://html.spec.whatwg.org/multipage/server-sent-events.html section 9.2.5
constexpr std::string_view kEventField = "data: ";
constexpr std::string_view kEventEnd = "\n\n";

std::size_t HeaderBytes(Framing framing, std::size_t message_bytes) {
  switch (framing) {
    case Framing::kWebsocket: return websocket::FrameHeaderBytes(message_bytes);
    case Framing::kEventStream: return kEventField.size();
    case Framing::kLines:
    case Framing::kDelimited: break;
  }
  return 0;
}

void WriteHeader(const Form& form, std::size_t message_bytes, char* at) {
  if (form.framing == Framing::kWebsocket) {
    const bool json = form.encoding == protocol::Encoding::kJson;
    const auto opcode = json ? websocket::Opcode::kText : websocket::Opcode::kBinary;
    websocket::WriteFrameHeader({.opcode = opcode, .compressed = form.compressed}, message_bytes, at);
  } else if (form.framing == Framing::kEventStream) {
    kEventField.copy(at, kEventField.size());
  }
}

std::string_view TrailerOf(Framing framing) {
  switch (framing) {
    case Framing::kEventStream: return kEventEnd;
    case Framing::kLines: return "\n";
    case Framing::kWebsocket:
    case Framing::kDelimited: break;
  }
  return "";
}

void AppendEvent(std::string_view message, std::string& out) {
  for (;;) {
    const std::size_t line_end = message.find_first_of("\r\n");
    out.append(kEventField).append(message.substr(0, line_end));
    if (line_end == message.npos) break;
    out += '\n';
    message.remove_prefix(line_end + (message.substr(line_end).starts_with("\r\n") ? 2 : 1));
  }
  out += kEventEnd;
}

}  // namespace

FrameStart BeginFrame(const Form& form, std::size_t message_bytes_guess, std::string& out) {
  FrameStart start{.frame = out.size()};
  out.append(HeaderBytes(form.framing, message_bytes_guess), '\0');
  start.message = out.size();
  return start;
}

std::string_view EndFrame(const Form& form, FrameStart start, std::string& out) {
  const std::size_t message_bytes = out.size() - start.message;
  const std::size_t header_bytes = HeaderBytes(form.framing, message_bytes);
  const std::size_t room = start.message - start.frame;
  if (room != header_bytes) out.replace(start.frame, room, header_bytes, '\0');
  WriteHeader(form, message_bytes, out.data() + start.frame);
  out += TrailerOf(form.framing);
  return std::string_view(out).substr(start.frame + header_bytes, message_bytes);
}

void AppendFrame(const Form& form, std::string_view message, std::string& out) {
  if (form.framing == Framing::kEventStream) return AppendEvent(message, out);
  const FrameStart start = BeginFrame(form, message.size(), out);
  out += message;
  EndFrame(form, start, out);
}

std::size_t FrameBytes(Framing framing, std::string_view frames) {
  switch (framing) {
    case Framing::kWebsocket: return websocket::FrameBytes(frames);
    case Framing::kEventStream:
    case Framing::kLines: {
      const std::string_view trailer = TrailerOf(framing);
      return frames.find(trailer) + trailer.size();
    }
    case Framing::kDelimited: {
      protocol::WireStatus status;
      std::string_view rest = frames;
      protocol::TakeDelimited(rest, status);
      TM_ASSERT(status.ok());
      return frames.size() - rest.size();
    }
  }
  return 0;
}

}  // namespace tidemill::hub
