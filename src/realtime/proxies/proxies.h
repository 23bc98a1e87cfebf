// Proxies: the Backend, and the Source of polled keys, that asks over HTTP, as Centrifugo's HTTP proxies do.
//
// It makes the question of what a client wants (request.h), asks the endpoint that the settings name
// (endpoint.h), and reads the answer (reply.h). An answer with an error or a disconnect is the client's; one
// that is no answer is error 100 or 111, and a line of the log that says which proxy, its URL and why.
//
// One per loop, loop thread only; a reload replaces its endpoints, and calls under way end with those they
// began with.
#pragma once

#include <functional>
#include <memory>

#include "http/metrics.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "realtime/polls/source.h"
#include "realtime/proxies/settings.h"
#include "realtime/session/backend.h"

namespace tidemill::proxies {

struct ProxiesTls;

class Proxies : public session::Backend, public polls::Source {
 public:
  struct Surroundings {
    net::Loop& loop;
    metrics::Registry& registry;
    http::ClientMetrics* client_metrics = nullptr;  // null: connections are not counted
  };

  // What is in `surroundings` outlives it. `tls` is what OpenTls (routes.h) gave for the settings; all loops
  // share it.
  static std::unique_ptr<Proxies> Make(const Surroundings& surroundings, const ProxiesSettings& settings,
                                       std::shared_ptr<const ProxiesTls> tls,
                                       const channels::ChannelSettings& channel);

  // Other settings, taken on any thread; the result puts them in force, on the loop. Endpoints stay whose
  // settings are the same, and what is in their files.
  virtual std::function<void()> Prepare(const ProxiesSettings& settings,
                                        std::shared_ptr<const ProxiesTls> tls,
                                        const channels::ChannelSettings& channel) = 0;
};

}  // namespace tidemill::proxies
