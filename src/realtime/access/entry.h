// Entry: one decision about who may not come in: a user who is blocked, a token that is revoked, or the
// tokens of a user that were issued before a time.
//
// Values. The text form is what Redis keeps (docs/formats/redis-record.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/token.h"
#include "base/clock.h"
#include "base/result.h"

namespace tidemill::access {

enum class Kind : std::uint8_t {
  kUser,        // a user is blocked
  kToken,       // the token of an id (the claim jti) is revoked
  kUserTokens,  // tokens of a user that were issued (iat) before a time are not good any more
};

// "user", "token", "user_tokens".
std::string_view NameOf(Kind kind);
// nullopt: there is no such kind.
std::optional<Kind> KindOf(std::string_view name);

struct Entry {
  Kind kind = Kind::kUser;
  std::string subject;             // the user; of kToken the token's id
  std::string channel;             // of kUserTokens: tokens of subscriptions to it; "": of connections
  std::int64_t issued_before = 0;  // of kUserTokens: seconds since the Unix epoch
  std::int64_t expire_at = 0;      // seconds since the Unix epoch; 0: never
  std::int64_t decided_at = 0;     // ms since the Unix epoch: of two decisions the later one holds
  bool lifted = false;             // it holds no more
  friend bool operator==(const Entry&, const Entry&) = default;
};

// No subject and no channel is longer.
inline constexpr std::size_t kNameBytesMax = 1024;

// How long a lifted decision is remembered, so that an earlier one that comes late does not hold again.
inline constexpr Duration kLiftedKept = Hours(1);
// When it may be forgotten, in seconds since the Unix epoch; 0: never.
std::int64_t EndOf(const Entry& entry);

// Two decisions about the same thing have the same key: "u:<user>", "t:<token's id>",
// "i:<bytes of the user>:<user><channel>".
std::string KeyOf(const Entry& entry);
// "<decided_at> <expire_at> <issued_before> <1 if lifted, else 0>".
std::string ValueOf(const Entry& entry);
// kInvalidArgument: neither is what the two above give.
Result<Entry> ParseEntry(std::string_view key, std::string_view value);

// A token without an id is not revoked by one; a token that does not say when it was issued counts as issued
// before any time. `channel`: of a token of a subscription; "": of a connection.
bool Revokes(const Entry& entry, std::string_view user, const auth::TokenMark& token,
             std::string_view channel);

}  // namespace tidemill::access
