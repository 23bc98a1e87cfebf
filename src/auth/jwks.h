// JSON Web Key Sets (RFC 7517) fetched from a configured endpoint, cached.
//
// One per loop. Keys are cached by (endpoint, issuer, kid), so that issuers never share a key; a kid that is
// not in the set is remembered as missing for a while; one fetch at a time, at most one per second; answers
// over 256 KiB or 2 s are refused; redirects are not followed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/tls.h"

namespace tidemill::auth {

// One public key, ready to verify with: its kind decides the algorithms it may be used for.
struct PublicKey {
  virtual ~PublicKey() = default;
};

class JwksSource {
 public:
  virtual ~JwksSource() = default;
  // kNotFound: the set has no such key. kUnavailable: no answer, or not a key set. `kid` at most 256 bytes.
  virtual Task<Result<std::shared_ptr<const PublicKey>>> Find(std::string issuer, std::string kid) = 0;
};

struct JwksOptions {
  std::string endpoint;
  std::shared_ptr<net::TlsContext> tls;
  Duration keys_ttl = Hours(1);
  Duration missing_ttl = Seconds(30);
  std::size_t keys_max = 1000;
};

Result<std::unique_ptr<JwksSource>> MakeJwksSource(net::Loop& loop, JwksOptions options);

}  // namespace tidemill::auth
