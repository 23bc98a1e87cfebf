// ConfiguredKeys: the keys that the settings themselves hold, and what in the settings of tokens cannot be
// used.
//
// Loop thread only: HMAC keys hold OpenSSL contexts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/hmac_key.h"
#include "auth/jws.h"
#include "auth/public_key.h"
#include "auth/settings.h"
#include "base/clock.h"
#include "base/result.h"

namespace tidemill::auth {

struct UnusableSetting {
  std::string_view name;  // "rsa_public_key"
  std::string why;
};

// Everything in them that no token could be checked with. Empty: they are good.
std::vector<UnusableSetting> FindUnusable(const TokenSettings& token);

class ConfiguredKeys {
 public:
  // Takes the keys that can be used, and adds the settings whose keys cannot.
  void Load(const TokenSettings& token, std::vector<UnusableSetting>& unusable);

  bool empty() const { return hmac_ == nullptr && hmac_previous_ == nullptr && public_.empty(); }

  // Whether one of them has signed it; the key decides, and the header's alg has to agree with it.
  // kUnauthenticated.
  Result<void> Check(const Jws& jws, WallTime now) const;

 private:
  Result<void> CheckHmac(const Jws& jws, WallTime now) const;

  std::unique_ptr<HmacKey> hmac_;
  std::unique_ptr<HmacKey> hmac_previous_;
  std::int64_t hmac_previous_until_ = 0;  // seconds since the Unix epoch; 0: no end
  std::vector<PublicKeyPtr> public_;      // of different kinds
};

// Whether the key has signed it. kUnauthenticated.
Result<void> CheckWith(const PublicKey& key, const Jws& jws);

}  // namespace tidemill::auth
