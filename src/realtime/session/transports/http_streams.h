// The endpoints of the client protocol whose messages are the body of one HTTP response:
//
//   /connection/sse          an event stream, in JSON; commands in the query (cf_connect) or the body of a
//   POST /connection/http_stream  messages behind one another, in JSON lines, or in Protobuf where the
//   request's
//                            Content-Type is application/octet-stream; commands in the body of a POST
//
//   /connection/uni_sse, /connection/uni_http_stream
//                            the same for clients that only listen, in JSON: a connect request in place of
//                            commands, bare pushes
//
// What a client says later comes to POST /emulation (transports/emulation.h). One of each per loop.
#pragma once

#include "http/router.h"
#include "realtime/session/context.h"

namespace tidemill::session {

// Of those that the settings enable.
void AddHttpStreamRoutes(Context& context, http::Router& router);

}  // namespace tidemill::session
