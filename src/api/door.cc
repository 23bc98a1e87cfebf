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

// Takes the same time for all keys of the same length.
bool SameKey(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace

bool Door::AdmitsKey(std::string_view key) {
  if (!last_admitted_.empty() && SameKey(key, last_admitted_)) return true;
  if (!keys_.Allows(key)) return false;
  last_admitted_ = key;
  return true;
}

bool Door::Admits(const http::Request& request) {
  if (insecure_) return true;
  if (keys_.empty()) return false;
  if (const auto key = request.Header("x-api-key")) return AdmitsKey(*key);
  if (const auto value = request.Header("authorization"); value && HasScheme(*value)) {
    return AdmitsKey(value->substr(kScheme.size()));
  }
  const auto key = request.QueryParameter("api_key");
  return key && AdmitsKey(*key);
}

}  // namespace tidemill::api
