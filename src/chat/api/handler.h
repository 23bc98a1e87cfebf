// The operations of chat over HTTP: one route for each, and the document that describes them.
//
// A request that a browser's cookie speaks for may change something only where the page is our own. Loop
// thread only.
#pragma once

#include "chat/api/service.h"
#include "http/message.h"
#include "http/router.h"

namespace tidemill::chat {

inline constexpr char kPrefix[] = "/chat/v1";

// Before the loop runs. `service`, whose operations are set, outlives the router.
void AddRoutes(Service& service, http::Router& router);

// Whether a request that its browser's session speaks for comes from a page of our own.
bool IsFromOwnPage(const http::Request& request);

}  // namespace tidemill::chat
