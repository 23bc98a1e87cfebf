#include "jobs/webhooks/settings.h"

#include <fmt/format.h>

#include <utility>

#include "http/url.h"
#include "jobs/webhooks/signature.h"

namespace tidemill::webhooks {

std::vector<EndpointOptions> EndpointsOf(const Queues& queues) {
  std::vector<EndpointOptions> endpoints;
  for (const auto& [name, queue] : queues) {
    if (queue.push_url.empty()) continue;
    Result<http::Url> url = http::Url::Parse(queue.push_url);
    if (!url) continue;
    EndpointOptions options{.queue = name,
                            .url = *std::move(url),
                            .timeout = queue.push_timeout,
                            .concurrency = queue.push_concurrency,
                            .allow_private = queue.push_allow_private};
    for (const config::Secret& secret : queue.push_secrets) {
      if (Result<std::string> key = ParseSecret(secret.value)) options.keys.push_back(*std::move(key));
    }
    endpoints.push_back(std::move(options));
  }
  return endpoints;
}

void Check(const Queues& queues, config::Findings& findings) {
  for (const auto& [name, queue] : queues) {
    const std::string prefix = fmt::format("jobs.queues.{}.push.", name);
    if (!queue.push_url.empty()) {
      // Not what the parser says: it has the URL in it, and that may have a password.
      if (!http::Url::Parse(queue.push_url)) {
        findings.push_back(
            {.key = prefix + "url", .text = ": must be an absolute http or https URL without credentials"});
      }
    } else if (!queue.push_secrets.empty()) {
      findings.push_back(
          {.key = prefix + "secrets", .others = {prefix + "url"}, .text = ": needs push.url as well"});
    }
    if (queue.push_secrets.size() > kSecretsMax) {
      findings.push_back({.key = prefix + "secrets", .text = fmt::format(": at most {}", kSecretsMax)});
    }
    for (const config::Secret& secret : queue.push_secrets) {
      const Result<std::string> key = ParseSecret(secret.value);
      if (!key) findings.push_back({.key = prefix + "secrets", .text = ": " + key.error().detail});
    }
  }
}

}  // namespace tidemill::webhooks
