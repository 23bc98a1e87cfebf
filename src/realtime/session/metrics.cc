#include "realtime/session/metrics.h"

#include <string>

#include "realtime/protocol/codes.h"

namespace tidemill::session {
namespace {

constexpr char kEmulation[] = "tidemill_emulation_requests_total";

constexpr const char* kCommandNames[] = {"none",     "connect",        "subscribe",  "unsubscribe", "publish",
                                         "presence", "presence_stats", "history",    "ping",        "send",
                                         "rpc",      "refresh",        "sub_refresh"};

template <class Codes>
std::map<std::uint32_t, metrics::Counter*> CountersOf(metrics::Registry& registry, const char* name,
                                                      const char* help, const Codes& codes) {
  std::map<std::uint32_t, metrics::Counter*> counters;
  counters[0] = &registry.AddCounter(name, help, {{"code", "other"}});
  for (const auto& code : codes) {
    counters[code.code] = &registry.AddCounter(name, help, {{"code", std::to_string(code.code)}});
  }
  return counters;
}

void Count(const std::map<std::uint32_t, metrics::Counter*>& counters, std::uint32_t code) {
  const auto found = counters.find(code);
  (found == counters.end() ? counters.at(0) : found->second)->Add();
}

}  // namespace

SessionMetrics::SessionMetrics(metrics::Registry& registry)
    : connections(registry.AddGauge("tidemill_connections", "Client connections that have connected.")),
      connects(registry.AddCounter("tidemill_connects_total", "Successful connect commands.")),
      frames_received(registry.AddCounter("tidemill_frames_received_total", "Frames received from clients.")),
      bytes_received(
          registry.AddCounter("tidemill_bytes_received_total", "Payload bytes received from clients.")),
      replies_sent(registry.AddCounter("tidemill_replies_sent_total", "Replies queued for clients.")),
      recovered(registry.AddCounter("tidemill_recoveries_total", "Subscriptions that asked for recovery.",
                                    {{"recovered", "yes"}})),
      not_recovered(registry.AddCounter("tidemill_recoveries_total", "", {{"recovered", "no"}})),
      unread_answer_bytes(registry.AddGauge("tidemill_unread_answer_bytes",
                                            "Bytes of large answers that their clients have not read.")),
      answers_too_large(registry.AddCounter("tidemill_answers_refused_total",
                                            "Answers to clients that a limit refused or cut.",
                                            {{"limit", "client.answer_max_size"}})),
      answers_too_many(registry.AddCounter("tidemill_answers_refused_total", "",
                                           {{"limit", "client.unread_answers_max_size"}})),
      tasks(registry.AddGauge("tidemill_session_tasks",
                              "Joins, leaves and presence removals that wait for the broker.")),
      tasks_refused(registry.AddCounter("tidemill_session_tasks_refused_total",
                                        "Joins, leaves and presence removals over the limit.")),
      mirror_failed(
          registry.AddCounter("tidemill_presence_mirror_failed_total",
                              "Keys of presence that could not be published, and are tried again.")),
      emulated(registry.AddCounter(kEmulation,
                                   "Requests of clients of SSE and HTTP streaming, by what came of "
                                   "them.",
                                   {{"result", "delivered"}})),
      emulation_malformed(registry.AddCounter(kEmulation, "", {{"result", "malformed"}})),
      emulation_no_session(registry.AddCounter(kEmulation, "", {{"result", "no_session"}})),
      emulation_refused(registry.AddCounter(kEmulation, "", {{"result", "refused"}})),
      emulation_failed(registry.AddCounter(kEmulation, "", {{"result", "failed"}})) {
  for (std::size_t i = 0; i < kTransportKinds; ++i) {
    const metrics::Labels labels = {{"transport", std::string(NameOf(static_cast<TransportKind>(i)))}};
    transport_connections[i] = &registry.AddGauge(
        "tidemill_transport_connections", "Client connections that have connected, by transport.", labels);
    transport_connects[i] = &registry.AddCounter("tidemill_transport_connects_total",
                                                 "Successful connect commands, by transport.", labels);
  }
  for (std::size_t i = 0; i < commands.size(); ++i) {
    commands[i] = &registry.AddCounter("tidemill_commands_total", "Commands of clients.",
                                       {{"command", kCommandNames[i]}});
  }
  for (std::size_t i = 0; i < kRefusalReasons; ++i) {
    refusals[i] = &registry.AddCounter("tidemill_refusals_total", "What clients were refused, by reason.",
                                       {{"reason", std::string(NameOf(static_cast<RefusalReason>(i)))}});
  }
  errors_ = CountersOf(registry, "tidemill_reply_errors_total", "Errors replied to clients.",
                       protocol::AllErrorCodes());
  disconnects_ = CountersOf(registry, "tidemill_disconnects_total", "Connections ended by the server.",
                            protocol::AllDisconnectCodes());
  unsubscribes_ = CountersOf(registry, "tidemill_unsubscribes_total", "Subscriptions ended by the server.",
                             protocol::AllUnsubscribeCodes());
}

void SessionMetrics::CountConnected(TransportKind transport) {
  connections.Add(1);
  connects.Add();
  transport_connections[static_cast<std::size_t>(transport)]->Add(1);
  transport_connects[static_cast<std::size_t>(transport)]->Add();
}

void SessionMetrics::CountGone(TransportKind transport) {
  connections.Sub(1);
  transport_connections[static_cast<std::size_t>(transport)]->Sub(1);
}

void SessionMetrics::CountError(std::uint32_t code) { Count(errors_, code); }
void SessionMetrics::CountDisconnect(std::uint32_t code) { Count(disconnects_, code); }
void SessionMetrics::CountUnsubscribe(std::uint32_t code) { Count(unsubscribes_, code); }

}  // namespace tidemill::session
