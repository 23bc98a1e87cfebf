// JSON Web Key Sets (RFC 7517) fetched from a configured endpoint, cached.
//
// One per loop and endpoint. The endpoint is configuration, never made of what a token says, and a source
// holds the keys of its own endpoint only: two endpoints never share a key. When it fetches is said in
// auth/jwks_cache.h; answers over 256 KiB or 2 s are refused; redirects are not followed. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "auth/jwk_set.h"
#include "auth/public_key.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/tls.h"

namespace tidemill::auth {

class JwksSource {
 public:
  virtual ~JwksSource() = default;
  // The key of that id ("kid"), which is opaque and at most 256 bytes.
  // kNotFound: a set fetched since the question has no such key. kUnavailable: no answer, not a key set, or
  // no fetch allowed yet: worth another try. kLimitExceeded: too many wait for the set already. Must outlive
  // the task.
  virtual Task<Result<PublicKeyPtr>> Find(std::string key_id) = 0;
};

struct JwksOptions {
  std::string endpoint;  // http(s) URL
  std::shared_ptr<net::TlsContext> tls;
  Duration keys_ttl = Hours(1);
  Duration stale_ttl = Hours(1);  // how much longer they serve while the endpoint does not answer
  Duration missing_ttl = Seconds(30);
  std::size_t keys_max = 1000;
  std::size_t waiting_max = 10'000;
};

// kInvalidArgument: the endpoint is no http(s) URL, or is https and `tls` is null.
Result<std::unique_ptr<JwksSource>> MakeJwksSource(net::Loop& loop, JwksOptions options);

// Fetches and reads the set once, as a source would. kInvalidArgument: the endpoint, or what it gave, is
// none; kUnavailable, kTimeout: no answer, or another status than 200.
Task<Result<KeySet>> FetchKeySet(net::Loop& loop, JwksOptions options);

// Gives the text of the key set.
using JwksFetch = std::function<Task<Result<std::string>>()>;

// The same over another way to fetch; `options.endpoint` and `tls` are unused.
std::unique_ptr<JwksSource> MakeJwksSource(net::Loop& loop, JwksOptions options, JwksFetch fetch);

}  // namespace tidemill::auth
