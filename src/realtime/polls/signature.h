// Signatures of the operator's service, by which a user may track keys of a channel: "iat:exp:hmac", seconds
// since the Unix epoch and a HMAC with SHA-256 in hexadecimal, of iat, exp, user, channel and the SHA-256 of
// the keys in hexadecimal, with a zero byte between each two; so are the keys. Those of Centrifugo's shared
// polls.
//
// Pure functions over values.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "realtime/polls/settings.h"

namespace tidemill::polls {

// How long after its time a signature still opens: clocks differ, and commands are on their way.
inline constexpr std::int64_t kGraceSeconds = 5;

struct Signed {
  std::string_view user;
  std::string_view channel;
  std::span<const std::string> keys;  // in the order in which they were signed
};

enum class SignatureFault : std::uint8_t { kWrong, kExpired };

// When it expires, in seconds since the Unix epoch; 0: never. Without a secret every signature is wrong, and
// so is one for a name that has a zero byte: the fields would run into each other.
std::expected<std::int64_t, SignatureFault> CheckSignature(const PollSettings& settings,
                                                           std::string_view signature, const Signed& what,
                                                           std::int64_t now);

// What the service does, for tests.
std::string Sign(std::string_view secret, std::int64_t iat, std::int64_t exp, const Signed& what);

}  // namespace tidemill::polls
