#include "queries/values/url_encoded.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace tidemill::queries {

std::expected<std::string, std::string> DecodeUrl(std::string_view text, Plus plus) {
  auto decoded = PercentDecode(text, plus);
  if (!decoded) return std::unexpected("has a % without two hexadecimal digits");
  if (decoded->contains('\0')) return std::unexpected("has a zero character");
  if (!IsUtf8(*decoded)) return std::unexpected("is not UTF-8");
  return *std::move(decoded);
}

std::optional<UrlPair> UrlPairs::Next() {
  while (!rest_.empty()) {
    const std::size_t end = std::min(rest_.find('&'), rest_.size());
    const std::string_view pair = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    return UrlPair{.name = pair.substr(0, equals), .value = pair.substr(std::min(equals + 1, pair.size()))};
  }
  return std::nullopt;
}

}  // namespace tidemill::queries
