// Which web pages may talk to this server from a browser (cross-site WebSocket hijacking, CORS).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::http {

// A pattern is "*" (anyone), or scheme://host[:port] where the host may begin with "*." for one or more
// labels in front, and the port may be "*" for any: "https://*.example.com", "http://localhost:*". Compared
// on parsed parts, never as string suffixes.
Result<void> CheckOriginPattern(std::string_view pattern);

// Whether a request with this Origin may come in. `host` is the Host header: with no patterns, only a page of
// the same host and port is allowed. "null" and anything unparsable are refused unless "*" is listed.
bool OriginAllowed(std::string_view origin, std::string_view host, std::span<const std::string> patterns);

// Whether `text` is a host with an optional port, which may be empty, as a Host header holds it.
bool IsAuthority(std::string_view text);

}  // namespace tidemill::http
