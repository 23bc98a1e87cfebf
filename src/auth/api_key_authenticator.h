// API keys of services, in an HTTP request: as X-API-Key, as "Authorization: apikey KEY" or as ?api_key=KEY,
// of which the first that is there counts.
#pragma once

#include <memory>
#include <vector>

#include "auth/authenticator.h"
#include "config/secret.h"

namespace tidemill::auth {

// Without a key nobody is admitted.
std::shared_ptr<Authenticator> MakeApiKeyAuthenticator(const std::vector<config::Secret>& keys);

}  // namespace tidemill::auth
