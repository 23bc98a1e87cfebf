// Signatures of Standard Webhooks (standardwebhooks.com, version 1): what shows an endpoint that a request is
// ours and no old one.
//
// Values and pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tidemill::webhooks {

// The bytes of a secret "whsec_…", 24 to 64 of them in base64. kInvalidArgument says what is accepted; the
// secret is not in it.
Result<std::string> ParseSecret(std::string_view text);

struct Signed {
  std::string_view id;
  WallTime at;
  std::string_view body;
};
// The header webhook-signature: "v1,…" for each key, blanks between them. `keys` are of ParseSecret: the new
// one and the one before while they change.
std::string SignatureOf(const Signed& request, std::span<const std::string> keys);

}  // namespace tidemill::webhooks
