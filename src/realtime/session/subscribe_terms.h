// SubscribeTerms: on what terms a subscription was granted: by a token, the server API, or the channel's
// rules. Private to session/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "auth/token.h"
#include "realtime/session/session.h"

namespace tidemill::session {

struct Session::SubscribeTerms {
  bool server_side = false;
  std::string info;            // raw bytes: the entry's chan_info
  std::string data;            // raw bytes: told in the reply
  std::int64_t expire_at = 0;  // seconds since the Unix epoch; 0: never
  auth::OptionOverrides overrides;
};

}  // namespace tidemill::session
