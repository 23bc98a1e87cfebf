// Framing: a message as it stands on a connection. Bytes only; no I/O, no state.
//
// A frame is made in place: the message is encoded behind room for its header, which is filled in when its
// length is known.
//
//   const FrameStart start = BeginFrame(form, 200, out);
//   protocol::AppendPush(form.encoding, push, out, form.direction);
//   const std::string_view message = EndFrame(form, start, out);
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "realtime/hub/form.h"

namespace tidemill::hub {

// The most that a frame is longer than its message.
inline constexpr std::size_t kFrameOverheadMax = 10;

struct FrameStart {
  std::size_t frame = 0;    // in `out`
  std::size_t message = 0;  // behind the room for a header
};

// `message_bytes_guess`: how long the message will be. A wrong guess is made good by moving the message.
FrameStart BeginFrame(const Form& form, std::size_t message_bytes_guess, std::string& out);
// What `out` holds behind the start is the message; it is given back, and moves when `out` does. A message in
// an event stream has no line breaks, as no message in JSON has.
std::string_view EndFrame(const Form& form, FrameStart start, std::string& out);

// The frame of a message that is there already. In an event stream each of its lines is one of the event's.
void AppendFrame(const Form& form, std::string_view message, std::string& out);

// The length of the whole frame that `frames` starts with; all of it is there.
std::size_t FrameBytes(Framing framing, std::string_view frames);

}  // namespace tidemill::hub
