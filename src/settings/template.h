// Configuration files to begin with. Load reads them; both have comments.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::settings {

// Every setting with its default and what it means, for `config default`.
std::string DefaultToml();

struct FreshSecrets {
  std::string_view token_key;  // client.token.hmac_secret_key
  std::string_view api_key;    // http_api.key
};
// What a server needs to be of use, with one namespace, for `init`. Secrets are letters and digits.
std::string StarterToml(const FreshSecrets& secrets);

}  // namespace tidemill::settings
