// The request that takes a job to its endpoint. Pure; any thread.
#pragma once

#include <string>

#include "base/clock.h"
#include "http/client.h"
#include "jobs/webhooks/options.h"

namespace tidemill::webhooks {

// A job on its way.
struct Delivery {
  std::string jid;
  std::string type;
  std::string text;  // JSON, as a worker of Faktory's protocol gets it
  int attempt = 1;
};

// A POST with the job as its body, signed (webhook-id is the jid, the same in every attempt), and Tidemill's
// own headers: queue, type, attempt. A type that is not ASCII is left out of the headers.
http::ClientRequest RequestFor(const EndpointOptions& endpoint, const Delivery& delivery, WallTime now);

}  // namespace tidemill::webhooks
