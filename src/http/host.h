// Which hosts requests may be for. A web page elsewhere can give its own name our address (DNS rebinding);
// its browser then sends that name, by which it is known. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tidemill::http {

// A host name, with "*" and "?" for what may differ; no port, no scheme.
bool IsHostPattern(std::string_view text);

// Whether a Host header is that of an IP address, or of a name that matches one of the patterns. No patterns:
// any.
bool HostAllowed(std::string_view host, std::span<const std::string> patterns);

}  // namespace tidemill::http
