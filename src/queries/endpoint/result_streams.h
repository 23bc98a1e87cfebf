// ResultStreams: answers a GET of a live endpoint with its result as an event stream. queries/live does.
//
// One per loop, loop thread only.
#pragma once

#include <memory>

#include "http/message.h"
#include "net/task.h"
#include "queries/endpoint/identity.h"
#include "queries/endpoint/served_endpoint.h"

namespace tidemill::queries {

class ResultStreams {
 public:
  virtual ~ResultStreams() = default;

  // The stream, or why there is none. `served` is live, and `identity` may call it. `request` outlives the
  // task.
  virtual Task<http::Response> Open(const http::Request& request,
                                    std::shared_ptr<const ServedEndpoint> served, Identity identity) = 0;
};

}  // namespace tidemill::queries
