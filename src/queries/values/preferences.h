// Preferences: what the Prefer headers of a request ask for (RFC 7240; the names are PostgREST's).
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "queries/values/refusal.h"

namespace tidemill::queries {

enum class Count : std::uint8_t {
  kNone,
  kExact,      // counted
  kPlanned,    // as Postgres' planner guesses
  kEstimated,  // the guess, and where it is small counted
};

enum class Return : std::uint8_t {
  kRepresentation,  // what the endpoint gives
  kMinimal,         // 204, no body
};

struct Preferences {
  Count count = Count::kNone;
  std::optional<Return> answer;
  // With handling=strict only: a write that changes more rows is undone and refused.
  std::optional<std::uint64_t> max_affected;
  bool strict = false;  // handling=strict: what is not known is refused, not passed over

  friend bool operator==(const Preferences&, const Preferences&) = default;
};

// The first of several values counts. Adds what is wrong to `refusal`: with handling=strict only.
Preferences ReadPreferences(const http::Request& request, Refusal& refusal);

// "exact"
std::string_view Name(Count count);

}  // namespace tidemill::queries
