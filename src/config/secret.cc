#include "config/secret.h"

#include <algorithm>

namespace tidemill::config {

std::string MaskPassword(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t begin = scheme == text.npos ? 0 : scheme + 3;
  const std::size_t at = text.rfind('@');
  const std::size_t colon = text.find(':', begin);
  if (at == text.npos || colon == text.npos || colon + 1 >= at) return std::string(text);
  return std::string(text.substr(0, colon + 1)) + "***" + std::string(text.substr(at));
}

std::string MaskUrl(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos) return std::string(text);
  const std::size_t host_end = std::min(text.find_first_of("/?#", scheme + 3), text.size());
  const std::size_t query = std::min(text.find('?', host_end), text.size());
  std::string masked = MaskPassword(text.substr(0, host_end));
  masked += text.substr(host_end, query - host_end);
  if (query + 1 < text.size()) masked += "?***";
  return masked;
}

}  // namespace tidemill::config
