// Authenticator: who sends an HTTP request.
//
// It reads credentials from the headers and the query of a request and gives a Caller. What a caller may do
// is decided elsewhere. One per loop, loop thread only. A reload makes a new one: whoever asks holds it by a
// shared_ptr until its tasks have ended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "auth/token_mark.h"
#include "base/result.h"
#include "http/message.h"
#include "net/task.h"

namespace tidemill::auth {

struct Caller {
  enum class Kind : std::uint8_t {
    kAnyone,   // credentials are not asked for
    kApiKey,   // a service that has an API key
    kToken,    // a user with a JSON Web Token
    kAccount,  // a user of this server, logged in in a browser
  };
  Kind kind = Kind::kAnyone;
  std::string user;            // of a token or an account; "" for the others, and for an anonymous token
  std::int64_t expire_at = 0;  // seconds since the Unix epoch; 0: never
  // Of a token: all of them, a JSON object as it was signed. Of an account {"sub","name","username","role"}.
  // "" for the others.
  std::string claims;
  TokenMark token;  // of a token
  friend bool operator==(const Caller&, const Caller&) = default;
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // Whether the request carries credentials of the kind that this one checks, good or not.
  virtual bool HasCredentials(const http::Request& request) const = 0;
  // kUnauthenticated: there are no credentials, or they are wrong; the detail says what, for the log only.
  // kExpired: they were good once. kPermissionDenied: they are good, and the request is not one that they may
  // be used for: a page of another site has sent it. kUnavailable, kLimitExceeded: they cannot be checked
  // now. `request` must outlive the task.
  virtual Task<Result<Caller>> Authenticate(const http::Request& request) = 0;
  // For WWW-Authenticate (RFC 9110 section 11.6.1): the schemes it accepts.
  virtual std::string Challenge() const = 0;
};

// Asks for nothing: everybody is Caller::Kind::kAnyone.
std::shared_ptr<Authenticator> MakeOpenAuthenticator();

// Accepts what any of `authenticators` does. The first of them whose credentials the request carries decides
// alone: a wrong API key is refused even beside a good token.
std::shared_ptr<Authenticator> MakeAnyAuthenticator(
    std::vector<std::shared_ptr<Authenticator>> authenticators);

// The response for a request that `authenticator` has refused with `error`: 401, 403 for kPermissionDenied,
// or 503 when the credentials cannot be checked now.
http::Response RefusalOf(const Error& error, const Authenticator& authenticator);

}  // namespace tidemill::auth
