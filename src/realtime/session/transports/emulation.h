// POST /emulation: what clients of event streams and HTTP streaming say. The request names the node and the
// session's secret, and carries a frame of commands; what they give comes on the session's stream.
//
// The session may be on any loop and any node. Whoever knows the secret speaks for the session, so that it is
// told to nobody but its client and is never logged.
//
//   204  the session has the commands
//   400  not such a request, in the encoding that its Content-Type says
//   403  a page of a foreign origin; or the session is of a client that only listens
//   404  no such session, or no such node: the session has ended, or never was
//   429  more waits for the session than it may have, or for all sessions together
//        (http_server.buffers_bytes_max); it is disconnected
//   503  the node was not reached
//
// One per loop, loop thread only.
#pragma once

#include <memory>

#include "http/handler.h"
#include "realtime/session/context.h"

namespace tidemill::session {

std::shared_ptr<http::Handler> MakeEmulationHandler(Context& context);

}  // namespace tidemill::session
