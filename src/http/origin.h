// Which web pages may talk to this server from a browser (cross-site WebSocket hijacking, CORS).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::http {

// A pattern is "*" (anyone), or scheme://host[:port] where the host may begin with "*." for one or more
// labels in front, and the port may be "*" for any: "https://*.example.com", "http://localhost:*". Such ones
// are compared on parsed parts, so that a scheme's own port is the same as none. Any other pattern is a glob
// (glob.h) over the whole origin, as in Centrifugo: "*.example.com", "https://app-?.example.com", "null".
// kInvalidArgument: it can never match an origin, such as "a.com", "https://a.com/", or two in one.
Result<void> CheckOriginPattern(std::string_view pattern);

// Whether a request with this Origin may come in. `host` is the Host header: with no patterns, only a page of
// the same host and port is allowed. What is no origin is refused unless "*" is listed.
bool OriginAllowed(std::string_view origin, std::string_view host, std::span<const std::string> patterns);

// Whether `text` is a host with an optional port, which may be empty, as a Host header holds it.
bool IsAuthority(std::string_view text);

}  // namespace tidemill::http
