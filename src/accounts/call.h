// What all routes have in common: whose request it is, and how a call becomes a handler. Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "accounts/refusal.h"
#include "accounts/services.h"
#include "accounts/sign_in.h"
#include "http/router.h"

namespace tidemill::accounts {

// `request` lives until the task has ended.
using Call = Task<Outcome<http::Response>> (*)(Services& services, const http::Request& request);

// At "/accounts/v1/" + `path`. `services` outlives the router.
void AddCall(http::Router& router, http::Method method, std::string_view path, Services& services, Call call);

using Live = std::shared_ptr<const LiveSession>;
// Who is logged in. 401 "unauthenticated"; 403 "cross_site" for a request that changes something and that no
// page of ours has sent.
Task<Outcome<Live>> Identify(Services& services, const http::Request& request);
// The same, of a role that manages others: else 403 "forbidden".
Task<Outcome<Live>> IdentifyManager(Services& services, const http::Request& request);
// For calls that need nobody to be logged in: 403 "cross_site" as above. Who is no browser says nothing of
// pages, and sends no cookie either.
Outcome<> RefuseCrossSite(Services& services, const http::Request& request);

// What stands in the path's segment {id}; "": nothing that could be an id of ours.
std::string IdOf(const http::Request& request);
Browser BrowserOf(const http::Request& request);
Actor ActorOf(const LiveSession& live, const http::Request& request);
// Whether cookies are Secure.
bool IsSecure(const Services& services, const http::Request& request);
// "https://chat.example.com/chat/#/join?token=T".
std::string LinkOf(const Services& services, const http::Request& request, std::string_view page,
                   std::string_view token);

}  // namespace tidemill::accounts
