// TokenMark: by what a token is named when it is revoked. A value; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace tidemill::auth {

// What tells a token from others.
struct TokenMark {
  std::string id;              // the claim jti; "": it has none
  std::int64_t issued_at = 0;  // the claim iat, seconds since the Unix epoch; 0: it does not say
  bool empty() const { return id.empty() && issued_at == 0; }
  friend bool operator==(const TokenMark&, const TokenMark&) = default;
};

}  // namespace tidemill::auth
