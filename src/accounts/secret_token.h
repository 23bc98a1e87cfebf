// Secrets that somebody carries: a browser's session, an invitation, a link to be used once. What is stored
// is only their SHA-256: 256 random bits need neither salt nor stretching.
//
// Pure but for the randomness; any thread.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::accounts {

// 43 characters of base64url.
std::string MakeSecretToken();
// Hexadecimal.
std::string HashOfToken(std::string_view token);
// Whether it may be one: others need not be looked for.
bool MayBeSecretToken(std::string_view text);

// For rows: 22 characters of base64url, which tell nothing.
std::string MakeId();
bool MayBeId(std::string_view text);

}  // namespace tidemill::accounts
