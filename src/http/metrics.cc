#include "http/metrics.h"

#include <string>

namespace tidemill::http {

ServerMetrics::ServerMetrics(metrics::Registry& registry)
    : connections(registry.AddGauge("tidemill_http_connections", "HTTP connections, without upgraded ones.")),
      requests_in_flight(
          registry.AddGauge("tidemill_http_requests_in_flight", "Requests whose response is not ready.")),
      bytes_received(registry.AddCounter("tidemill_http_received_bytes_total", "Bytes of requests.")),
      bytes_sent(registry.AddCounter("tidemill_http_sent_bytes_total", "Bytes of responses.")),
      timeouts(registry.AddCounter("tidemill_http_timeouts_total", "Requests that did not arrive in time.")),
      answer_timeouts(registry.AddCounter("tidemill_http_answer_timeouts_total",
                                          "Connections closed because their client did not take an answer.")),
      proxy_headers_refused(registry.AddCounter("tidemill_http_proxy_headers_refused_total",
                                                "Connections closed because their PROXY header was none, or "
                                                "did not come.")) {
  for (std::size_t status_class = 1; status_class <= 5; ++status_class) {
    responses[status_class] = &registry.AddCounter("tidemill_http_responses_total", "Responses.",
                                                   {{"class", std::to_string(status_class) + "xx"}});
  }
}

ClientMetrics::ClientMetrics(metrics::Registry& registry)
    : connections(registry.AddGauge("tidemill_http_client_connections",
                                    "Connections to other HTTP servers, in use and kept.")),
      waiting(
          registry.AddGauge("tidemill_http_client_waiting", "Outgoing requests that wait for a connection.")),
      refused(registry.AddCounter("tidemill_http_client_refused_total",
                                  "Outgoing requests refused because too many were waiting.")),
      retries(registry.AddCounter("tidemill_http_client_retries_total",
                                  "Outgoing requests sent again because a kept connection had ended.")) {}

}  // namespace tidemill::http
