// The cookie of a browser's session (RFC 6265). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace tidemill::accounts {

// Whether the request carries the cookie at all, whatever it holds.
bool HasSessionCookie(const http::Request& request);
// What it holds; nullopt: it is not there, is there twice with different values, or holds nothing that could
// be a session.
std::optional<std::string_view> SessionCookieOf(const http::Request& request);

// For Set-Cookie. HttpOnly; SameSite=Lax, so that a link from elsewhere finds its reader logged in.
std::string SessionCookie(std::string_view token, Duration max_age, bool secure);
std::string NoSessionCookie(bool secure);

}  // namespace tidemill::accounts
