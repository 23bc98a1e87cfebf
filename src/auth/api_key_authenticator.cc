#include "auth/api_key_authenticator.h"

#include <openssl/crypto.h>

#include <optional>
#include <string_view>

#include "base/ascii.h"

namespace tidemill::auth {
namespace {

constexpr std::string_view kScheme = "apikey ";

// Takes the same time for all keys of the same length.
bool SameKey(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// The key as it stands in a header; nullopt: it stands in none.
std::optional<std::string_view> KeyInHeaders(const http::Request& request) {
  if (const auto key = request.Header("x-api-key")) return key;
  const auto value = request.Header("authorization");
  // Schemes are compared without regard to case (RFC 9110 section 11.1).
  if (value && value->size() > kScheme.size() &&
      EqualIgnoringCase(value->substr(0, kScheme.size()), kScheme)) {
    return value->substr(kScheme.size());
  }
  return std::nullopt;
}

}  // namespace

bool ApiKeyAuthenticator::HasCredentials(const http::Request& request) const {
  return KeyInHeaders(request) || request.QueryParameter("api_key");
}

Task<Result<Caller>> ApiKeyAuthenticator::Authenticate(const http::Request& request) {
  co_return Check(request);
}

Result<Caller> ApiKeyAuthenticator::Check(const http::Request& request) {
  std::optional<std::string> decoded;  // percent-encoding may stand in a query only
  std::optional<std::string_view> key = KeyInHeaders(request);
  if (!key && (decoded = request.QueryParameter("api_key"))) key = *decoded;
  if (!key) return Fail(Errc::kUnauthenticated, "no API key");
  if (!Admits(*key)) return Fail(Errc::kUnauthenticated, "API key is wrong");
  return Caller{.kind = Caller::Kind::kApiKey};
}

bool ApiKeyAuthenticator::Admits(std::string_view key) {
  if (!last_admitted_.empty() && SameKey(key, last_admitted_)) return true;
  if (!keys_.Allows(key)) return false;
  last_admitted_ = key;
  return true;
}

}  // namespace tidemill::auth
