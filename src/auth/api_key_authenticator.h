// API keys of services, in an HTTP request: as X-API-Key, as "Authorization: apikey KEY" or as ?api_key=KEY,
// of which the first that is there counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/api_key.h"
#include "auth/authenticator.h"
#include "config/secret.h"

namespace tidemill::auth {

class ApiKeyAuthenticator final : public Authenticator {
 public:
  // Without a key nobody is admitted.
  explicit ApiKeyAuthenticator(const std::vector<config::Secret>& keys) : keys_(keys) {}

  bool HasCredentials(const http::Request& request) const override;
  Task<Result<Caller>> Authenticate(const http::Request& request) override;
  std::string Challenge() const override { return "apikey"; }

  // As Authenticate, which has nothing to wait for.
  Result<Caller> Check(const http::Request& request);

 private:
  bool Admits(std::string_view key);

  const ApiKeys keys_;
  std::string last_admitted_;  // a backend sends the same key each time: it is hashed once
};

}  // namespace tidemill::auth
