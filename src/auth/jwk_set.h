// A JSON Web Key Set (RFC 7517 section 5) as keys to verify with, by key id.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "auth/public_key.h"
#include "base/result.h"

namespace tidemill::auth {

struct KeySet {
  std::map<std::string, PublicKeyPtr, std::less<>> keys;
  std::size_t skipped = 0;  // members of the set that cannot be used
};

// Leaves out keys that cannot be used, as the RFC asks: of other types ("oct" is one, because a secret does
// not belong in a public set), with private parts, without "kid" or with one over 256 bytes, for another
// "use", "key_ops" or "alg", weak or malformed. A kid that two usable keys share names neither of them.
// kInvalidArgument: not a JSON object with "keys", or over `keys_max` of them.
Result<KeySet> ParseKeySet(std::string_view text, std::size_t keys_max);

}  // namespace tidemill::auth
