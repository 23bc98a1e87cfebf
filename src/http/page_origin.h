// Whose page a request comes from, as its browser says: against requests that another site's page makes with
// the cookies of this one (cross-site request forgery).
//
// Sec-Fetch-Site (W3C Fetch Metadata) decides where it is there, else Origin (RFC 6454). Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "http/message.h"

namespace tidemill::http {

enum class PageOrigin : std::uint8_t {
  kOwn,      // a page of this server, or its user directly
  kForeign,  // a page of somebody else, also of another host of the same site
  kUnknown,  // nothing says so: no browser of today sends a request that changes state like that
};

// `own_origins`: under which this server is known beside the Host of the request, behind a proxy; as patterns
// of origin.h.
PageOrigin PageOriginOf(const Request& request, std::span<const std::string> own_origins);

// Methods that change nothing (RFC 9110 section 9.2.1).
bool IsSafe(Method method);

}  // namespace tidemill::http
