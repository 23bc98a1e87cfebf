#include "jobs/webhooks/request.h"

#include <algorithm>
#include <string_view>

#include "jobs/webhooks/signature.h"

namespace tidemill::webhooks {
namespace {

// What is longer is no answer of an endpoint; a result is at most kResultBytesMax of it.
constexpr std::size_t kResponseBytesMax = 1 << 20;

bool IsHeaderText(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

http::ClientRequest RequestFor(const EndpointOptions& endpoint, const Delivery& delivery, WallTime now) {
  http::ClientRequest request{.method = "POST",
                              .url = endpoint.url,
                              .headers = {{"Content-Type", "application/json"},
                                          {"webhook-id", delivery.jid},
                                          {"webhook-timestamp", std::to_string(now.ms / 1000)}},
                              .body = delivery.text,
                              .timeout = endpoint.timeout,
                              .response_bytes_max = kResponseBytesMax,
                              .allow_private_addresses = endpoint.allow_private,
                              .is_repeatable = true};
  if (!endpoint.keys.empty()) {
    request.headers.emplace_back(
        "webhook-signature",
        SignatureOf({.id = delivery.jid, .at = now, .body = delivery.text}, endpoint.keys));
  }
  request.headers.emplace_back("Tidemill-Queue", endpoint.queue);
  if (IsHeaderText(delivery.type)) request.headers.emplace_back("Tidemill-Type", delivery.type);
  request.headers.emplace_back("Tidemill-Attempt", std::to_string(delivery.attempt));
  return request;
}

}  // namespace tidemill::webhooks
