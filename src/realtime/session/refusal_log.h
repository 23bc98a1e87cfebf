// RefusalLog: the trace that each refusal of a client leaves: counted by its reason, and a line of the log
// that says who, where, why and which setting, one a second at most for each reason.
//
// Whoever knows most notes it; the session notes what nobody has noted. One per loop, loop thread only.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/log_limit.h"
#include "net/loop.h"
#include "realtime/session/metrics.h"
#include "realtime/session/refusal_reason.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

struct Client;

// What the refusal's code does not say. Never a token, a key or a payload.
struct RefusalDetail {
  std::optional<RefusalReason> reason = std::nullopt;  // where the code alone would mislead
  std::string_view channel = "";
  std::string_view why = "";
  std::string_view setting = "";  // which would have to be another
};

// Which kind it is; nullopt: it is none that anybody should look at, such as a second subscribe.
std::optional<RefusalReason> ReasonOf(const Refusal& refusal);

class RefusalLog {
 public:
  RefusalLog(SessionMetrics& metrics, net::Loop& loop) : metrics_(metrics), loop_(loop) {}

  void Note(const Client& client, const Refusal& refusal, const RefusalDetail& detail);
  // Unless the last Note was of this client: then that was it.
  void NoteOnce(const Client& client, const Refusal& refusal);

 private:
  SessionMetrics& metrics_;
  net::Loop& loop_;
  std::array<log::LogLimit, kRefusalReasons> limits_{};
  const Client* noted_ = nullptr;  // compared only
};

}  // namespace tidemill::session
