// The operations of chat over HTTP: one route for each, and the document that describes them.
//
// A request that a browser's cookie speaks for may change something only where the page is our own. Loop
// thread only.
#pragma once

#include <optional>

#include "chat/api/operation.h"
#include "chat/api/service.h"
#include "http/message.h"
#include "http/router.h"

namespace tidemill::chat {

inline constexpr char kPrefix[] = "/chat/v1";

// Before the loop runs. `service`, whose operations are set, outlives the router.
void AddRoutes(Service& service, http::Router& router);

// What refuses a request on its head: it does not say who calls, or may change nothing. nullopt: it may go
// on.
std::optional<http::Response> AdmitCaller(const Service& service, const http::Request& request,
                                          Effect effect);

// Whether a request that its browser's session speaks for comes from a page of our own.
bool IsFromOwnPage(const http::Request& request);

}  // namespace tidemill::chat
