// Outgoing HTTP/1.1 requests on a loop, one request per connection. http/client_pool.h keeps connections.
//
// No redirects are followed. Sizes and times are bounded. Responses by Content-Length, chunked, or close.
// The addresses of a name are tried one after the other, each with its share of the time that is left.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/url.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/tls.h"

namespace tidemill::http {

// How far a request has come.
enum class ClientProgress : std::uint8_t { kWaiting, kConnecting, kSent };

struct ClientRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout = Seconds(2);  // everything, absolute
  std::size_t response_bytes_max = 256 * 1024;
  bool allow_private_addresses = true;  // false: refuse loopback, private and link-local targets
  bool is_repeatable = false;           // may be sent twice whatever its method: its receiver knows it again
  // Not null: told how far it comes, and so where it failed; outlives the request's task.
  ClientProgress* progress = nullptr;
  // Not null: told when the connection is begun, after the wait for a place; outlives it too.
  MonotonicTime* connecting_since = nullptr;
  // Not null: while the request waits for a place, what takes it back; it ends with kCancelled, in a later
  // turn. Outlives it too.
  std::function<void()>* withdraw = nullptr;
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
};

// kTimeout, kUnavailable, kNotFound (the name), kLimitExceeded, kPermissionDenied (only private addresses),
// kInvalidArgument: the request or the answer is not HTTP. `tls` is used for https; null: kInvalidArgument.
Task<Result<ClientResponse>> Fetch(net::Loop& loop, std::shared_ptr<net::TlsContext> tls,
                                   ClientRequest request);

}  // namespace tidemill::http
