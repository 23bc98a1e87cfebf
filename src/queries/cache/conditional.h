// From what the cache has to a response: If-None-Match and 304, Age, Cache-Control, Cache-Status. Pure
// functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "queries/cache/cache.h"
#include "queries/cache/metrics.h"
#include "queries/cache/policy.h"

namespace tidemill::queries {

// Whether `if_none_match` lists `etag` or is "*", by the weak comparison (RFC 9110 section 13.1.2).
bool ListsEtag(std::string_view if_none_match, std::string_view etag);

// What browsers and proxies may do with the answer (RFC 9111 section 5.2.2, RFC 5861). They cannot be told
// when a table changes, so a browser asks again each time where that ends answers, which costs a 304; shared
// caches keep what everybody may see for the TTL. Where time alone ends answers, both keep them.
std::string CacheControlOf(const CachePolicy& policy);

// RFC 9211: "tidemill; hit; ttl=12".
std::string CacheStatusOf(const FoundAnswer& found);
// Of a request that the cache was not asked for.
inline constexpr std::string_view kCacheBypassed = "tidemill; fwd=bypass";

// The answer for a request with this If-None-Match: 304 where the client has it already.
http::Response RespondWith(const FoundAnswer& found, const CachePolicy& policy,
                           std::optional<std::string_view> if_none_match, CacheMetrics& metrics);

}  // namespace tidemill::queries
