// EchoHandler: a WebSocket endpoint that sends back every message, for conformance tests of the code that the
// real endpoints use.
//
// Loop thread only: one handler per loop. It owns its connections.
#pragma once

#include <memory>

#include "http/handler.h"
#include "websocket/connection.h"

namespace tidemill::websocket {

struct EchoOptions {
  ConnectionOptions connection;
  bool deflate = false;                        // agree to permessage-deflate; echoes are compressed too
  std::size_t queued_bytes_max = 1024 * 1024;  // a peer with more unread echoes is not read from
};

std::unique_ptr<http::TakeoverHandler> MakeEchoHandler(EchoOptions options);

}  // namespace tidemill::websocket
