#include "api/door.h"

#include <algorithm>
#include <string_view>

namespace tidemill::api {
namespace {

constexpr std::string_view kScheme = "apikey ";

// Schemes are compared without regard to case (RFC 9110 section 11.1).
bool HasScheme(std::string_view value) {
  constexpr auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return value.size() > kScheme.size() &&
         std::ranges::equal(value.substr(0, kScheme.size()), kScheme, {}, lower);
}

}  // namespace

bool Door::Admits(const http::Request& request) const {
  if (insecure_) return true;
  if (keys_.empty()) return false;
  if (const auto key = request.Header("x-api-key")) return keys_.Allows(*key);
  if (const auto value = request.Header("authorization"); value && HasScheme(*value)) {
    return keys_.Allows(value->substr(kScheme.size()));
  }
  const auto key = request.QueryParameter("api_key");
  return key && keys_.Allows(*key);
}

}  // namespace tidemill::api
