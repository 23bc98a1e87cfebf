// How a queue's jobs are sent to a URL. A value; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/breaker.h"
#include "http/url.h"

namespace tidemill::webhooks {

inline constexpr Duration kTimeoutMax = Hours(1);
inline constexpr std::uint32_t kConcurrencyMax = 1000;
inline constexpr std::size_t kSecretsMax = 4;

struct EndpointOptions {
  std::string queue;
  http::Url url;
  std::vector<std::string> keys;  // of ParseSecret; empty: requests are not signed
  Duration timeout = Seconds(30);
  std::uint32_t concurrency = 10;  // jobs that the endpoint has at once, those it finishes later included
  bool allow_private = false;      // addresses of this machine and of private networks
  http::BreakerOptions breaker;
  friend bool operator==(const EndpointOptions&, const EndpointOptions&) = default;
};

// "https://example.com/jobs": without the query, which may have a secret in it.
std::string ShownUrl(const http::Url& url);

}  // namespace tidemill::webhooks
