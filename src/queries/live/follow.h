// Who wants to follow what, and what comes of it. Values; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "queries/live/question.h"

namespace tidemill::queries::live {

struct FollowCall {
  std::string channel;
  Question question;
  std::string starter;          // who it counts for: "user 42", or a connection
  std::string scope;            // what of the caller the rows depend on; differs: others' rows
  std::int64_t issued_at = 0;   // of the token whose claims these are, seconds since 1970; 0: it does not say
  std::int64_t good_until = 0;  // of them, seconds since 1970; 0: they do not end
};

struct NotFollowed {
  enum class Why : std::uint8_t {
    kLimit,     // of queries.live
    kRefused,   // it cannot be followed
    kAway,      // the database does not answer now
    kOldToken,  // a newer token of this user says other things
  };
  Why why = Why::kRefused;
  std::string text;
};
struct FollowedChannel {
  std::string epoch;   // of the map that has the rows: what comes in its place may be of another scope
  std::string cohort;  // CohortEvents::id
};
using Followed = std::expected<FollowedChannel, NotFollowed>;

}  // namespace tidemill::queries::live
