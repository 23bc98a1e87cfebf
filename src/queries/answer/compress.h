// Compress: a response as this client wants it sent: gzip where it takes that.
#pragma once

#include "http/message.h"
#include "net/loop.h"

namespace tidemill::queries {

// Whether Accept-Encoding takes gzip (RFC 9110 section 12.5.3): by name or as "*", with a quality over 0.
bool TakesGzip(const http::Request& request);

// `response` compressed, if the client takes it and the body is long enough to be worth it; a body of more
// than 32 KiB over several turns of `loop`, which outlives the response. A strong ETag becomes a weak one
// then: the bytes differ. For bodies that are text; not for a body_source. Loop thread only.
http::Response Compress(http::Response response, const http::Request& request, net::Loop& loop);

}  // namespace tidemill::queries
