#include "config/secret.h"

namespace tidemill::config {

std::string MaskPassword(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t begin = scheme == text.npos ? 0 : scheme + 3;
  const std::size_t at = text.rfind('@');
  const std::size_t colon = text.find(':', begin);
  if (at == text.npos || colon == text.npos || colon + 1 >= at) return std::string(text);
  return std::string(text.substr(0, colon + 1)) + "***" + std::string(text.substr(at));
}

}  // namespace tidemill::config
