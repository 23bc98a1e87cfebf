// The WebSocket endpoints of the client protocol:
//
//   GET /connection/websocket      JSON or Protobuf: by subprotocol centrifuge-json / centrifuge-protobuf, or
//                                  the query parameters format=protobuf and cf_protocol=protobuf;
//                                  cf_ws_frame_ping_pong=true asks for WebSocket pings
//   GET /connection/uni_websocket  for clients that only listen, in JSON: the connect request is the
//   parameter
//                                  cf_connect or the first message; each push is a message
//
// One of each per loop.
#pragma once

#include <memory>

#include "http/handler.h"
#include "realtime/session/context.h"

namespace tidemill::session {

std::shared_ptr<http::TakeoverHandler> MakeWebsocketEndpoint(Context& context);
std::shared_ptr<http::TakeoverHandler> MakeUniWebsocketEndpoint(Context& context);

}  // namespace tidemill::session
