// The WebSocket endpoint of the client protocol: GET /connection/websocket.
//
// One per loop. JSON or Protobuf: by subprotocol centrifuge-json / centrifuge-protobuf, or the query
// parameters format=protobuf and cf_protocol=protobuf; cf_ws_frame_ping_pong=true asks for WebSocket pings.
#pragma once

#include <memory>

#include "http/handler.h"
#include "realtime/session/context.h"

namespace tidemill::session {

std::shared_ptr<http::TakeoverHandler> MakeWebsocketEndpoint(Context& context);

}  // namespace tidemill::session
