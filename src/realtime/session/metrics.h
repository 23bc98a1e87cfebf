// What sessions count.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "metrics/metrics.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/refusal_reason.h"
#include "realtime/session/transport_kind.h"

namespace tidemill::session {

struct SessionMetrics {
  explicit SessionMetrics(metrics::Registry& registry);

  metrics::Gauge& connections;  // sessions whose connect command succeeded
  metrics::Counter& connects;
  metrics::Counter& frames_received;
  metrics::Counter& bytes_received;
  metrics::Counter& replies_sent;
  metrics::Counter& recovered;  // subscriptions that asked for recovery and got it
  metrics::Counter& not_recovered;
  // Of large answers that their clients have not read (client.unread_answers_max_size).
  metrics::Gauge& unread_answer_bytes;
  metrics::Counter& answers_too_large;  // client.answer_max_size
  metrics::Counter& answers_too_many;   // client.unread_answers_max_size
  metrics::Gauge& tasks;                // the announcers'
  metrics::Counter& tasks_refused;      // over Announcer::kTasksMax
  metrics::Counter& mirror_failed;      // keys of presence that could not be published

  // By TransportKind.
  std::array<metrics::Gauge*, kTransportKinds> transport_connections{};
  std::array<metrics::Counter*, kTransportKinds> transport_connects{};

  // What came of the requests that clients send beside their streams (POST /emulation).
  metrics::Counter& emulated;
  metrics::Counter& emulation_malformed;
  metrics::Counter& emulation_no_session;
  metrics::Counter& emulation_refused;  // the session had too much waiting, or only listens
  metrics::Counter& emulation_failed;   // the session's node was not reached

  // By the index of protocol::Command::request.
  std::array<metrics::Counter*, std::variant_size_v<decltype(protocol::Command::request)>> commands{};

  std::array<metrics::Counter*, kRefusalReasons> refusals{};  // by RefusalReason

  // One more connection is there, or one less.
  void CountConnected(TransportKind transport);
  void CountGone(TransportKind transport);
  void CountError(std::uint32_t code);
  void CountDisconnect(std::uint32_t code);
  void CountUnsubscribe(std::uint32_t code);

 private:
  // Fixed at construction, one per code of protocol/codes.h; others share 0.
  std::map<std::uint32_t, metrics::Counter*> errors_;
  std::map<std::uint32_t, metrics::Counter*> disconnects_;
  std::map<std::uint32_t, metrics::Counter*> unsubscribes_;
};

}  // namespace tidemill::session
