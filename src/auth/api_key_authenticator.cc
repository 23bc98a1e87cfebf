#include "auth/api_key_authenticator.h"

#include <openssl/crypto.h>

#include <optional>
#include <string_view>
#include <utility>

#include "auth/api_key.h"
#include "base/ascii.h"

namespace tidemill::auth {
namespace {

constexpr std::string_view kScheme = "apikey ";

// Takes the same time for all keys of the same length.
bool SameKey(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::string> KeyOf(const http::Request& request) {
  if (const auto key = request.Header("x-api-key")) return std::string(*key);
  const auto value = request.Header("authorization");
  // Schemes are compared without regard to case (RFC 9110 section 11.1).
  if (value && value->size() > kScheme.size() &&
      EqualIgnoringCase(value->substr(0, kScheme.size()), kScheme)) {
    return std::string(value->substr(kScheme.size()));
  }
  return request.QueryParameter("api_key");
}

class ApiKeyAuthenticator final : public Authenticator {
 public:
  explicit ApiKeyAuthenticator(const std::vector<config::Secret>& keys) : keys_(keys) {}

  bool HasCredentials(const http::Request& request) const override { return KeyOf(request).has_value(); }

  Task<Result<Caller>> Authenticate(const http::Request& request) override {
    std::optional<std::string> key = KeyOf(request);
    if (!key) co_return Fail(Errc::kUnauthenticated, "no API key");
    if (!Admits(*std::move(key))) co_return Fail(Errc::kUnauthenticated, "API key is wrong");
    co_return Caller{.kind = Caller::Kind::kApiKey};
  }

  std::string Challenge() const override { return "apikey"; }

 private:
  bool Admits(std::string key) {
    if (!last_admitted_.empty() && SameKey(key, last_admitted_)) return true;
    if (!keys_.Allows(key)) return false;
    last_admitted_ = std::move(key);
    return true;
  }

  const ApiKeys keys_;
  std::string last_admitted_;  // a backend sends the same key each time: it is hashed once
};

}  // namespace

std::shared_ptr<Authenticator> MakeApiKeyAuthenticator(const std::vector<config::Secret>& keys) {
  return std::make_shared<ApiKeyAuthenticator>(keys);
}

}  // namespace tidemill::auth
