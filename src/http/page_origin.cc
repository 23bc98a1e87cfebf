#include "http/page_origin.h"

#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "http/origin.h"

namespace tidemill::http {
namespace {

bool IsOwn(std::string_view origin, std::string_view host, std::span<const std::string> own_origins) {
  if (OriginAllowed(origin, host, {})) return true;
  return !own_origins.empty() && OriginAllowed(origin, host, own_origins);
}

}  // namespace

PageOrigin PageOriginOf(const Request& request, std::span<const std::string> own_origins) {
  std::optional<bool> site;    // of all headers of that name, whether each is ours
  std::optional<bool> origin;  //
  const std::string_view host = request.Header("host").value_or("");
  for (const HeaderView& header : request.headers) {
    if (EqualIgnoringCase(header.name, "sec-fetch-site")) {
      site = site.value_or(true) && (header.value == "same-origin" || header.value == "none");
    } else if (EqualIgnoringCase(header.name, "origin")) {
      origin = origin.value_or(true) && IsOwn(header.value, host, own_origins);
    }
  }
  const std::optional<bool> is_own = site ? site : origin;
  if (!is_own) return PageOrigin::kUnknown;
  return *is_own ? PageOrigin::kOwn : PageOrigin::kForeign;
}

bool IsSafe(Method method) {
  return method == Method::kGet || method == Method::kHead || method == Method::kOptions;
}

}  // namespace tidemill::http
