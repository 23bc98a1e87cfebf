// Settings of events: channel.proxy.state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/finding.h"
#include "config/json_value.h"
#include "config/secret.h"
#include "config/section_fwd.h"
#include "realtime/channels/settings.h"

namespace tidemill::events {

struct EventsSettings {
  std::string endpoint;  // a URL; "": nobody is told anything, unless there is a queue
  std::string queue;     // of jobs: each batch is one of its jobs
  std::vector<config::Secret> secrets;
  Duration timeout = Seconds(5);
  bool connections = false;
  Duration vacated_event_delay = Seconds(5);
  std::uint32_t batch_max_size = 1000;
  std::uint32_t waiting_max = 100'000;
  std::uint32_t channels_max = 1'000'000;
  config::SecretObject static_headers;
  std::string tls_server_ca_file;
  std::string tls_cert_file;
  std::string tls_key_file;
  bool tls_insecure_skip_verify = false;
  bool given() const { return !endpoint.empty() || !queue.empty(); }
  friend bool operator==(const EventsSettings&, const EventsSettings&) = default;
};

config::Section<EventsSettings> EventsSection();

// Namespaces that want events which nobody would be told.
void Check(const EventsSettings& events, const channels::ChannelSettings& channel,
           config::Findings& findings);

}  // namespace tidemill::events
