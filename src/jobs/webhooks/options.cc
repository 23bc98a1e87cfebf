#include "jobs/webhooks/options.h"

#include <fmt/format.h>

#include <string_view>

namespace tidemill::webhooks {

std::string ShownUrl(const http::Url& url) {
  const std::string_view path = std::string_view(url.target).substr(0, url.target.find('?'));
  const bool default_port = url.port == (url.scheme == "https" ? 443 : 80);
  return default_port ? fmt::format("{}://{}{}", url.scheme, url.host, path)
                      : fmt::format("{}://{}:{}{}", url.scheme, url.host, url.port, path);
}

}  // namespace tidemill::webhooks
