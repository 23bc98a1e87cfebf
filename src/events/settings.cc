#include "events/settings.h"

#include <fmt/format.h>

#include "config/section.h"
#include "config/value.h"
#include "http/url.h"
#include "jobs/webhooks/options.h"
#include "jobs/webhooks/signature.h"
#include "realtime/proxies/transforms.h"

namespace tidemill::events {
namespace {

using config::Of;

constexpr config::Row<EventsSettings> kEvents[] = {
    {"endpoint",
     Of<&EventsSettings::endpoint>,
     {.doc =
          "URL that is told which channels of namespaces with state_proxy_enabled have subscribers, and "
          "what else is switched on: \"http://localhost:3000/centrifugo/channel_events\". It gets batches, "
          "{\"events\": [{\"type\": \"occupied\", \"channel\": \"chat:index\", \"time_ms\": "
          "1697206286533}]}, in order for each channel, again until it takes them.",
      .reload = config::Reload::kNo}},
    {"queue",
     Of<&EventsSettings::queue>,
     {.doc =
          "Each batch becomes a job of this queue in place of a request: committed before it is forgotten, "
          "and then taken to push.url of the queue, or to a worker. Needs jobs.enabled.",
      .reload = config::Reload::kNo}},
    {"secrets",
     Of<&EventsSettings::secrets>,
     {.doc = "\"whsec_…\", by which requests are signed as in Standard Webhooks; the new one and the one "
             "before while they change. None: they are not signed.",
      .reload = config::Reload::kNo}},
    {"timeout",
     Of<&EventsSettings::timeout>,
     {.doc = "How long a request may take, all in all.",
      .min = 10,
      .max = 60'000,
      .reload = config::Reload::kNo}},
    {"connections",
     Of<&EventsSettings::connections>,
     {.doc = "Tells of connections that come (connect) and go (disconnect, with code and reason) too.",
      .reload = config::Reload::kNo}},
    {"vacated_event_delay",
     Of<&EventsSettings::vacated_event_delay>,
     {.doc = "A channel counts as vacated when nobody has come back for so long.",
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"batch_max_size",
     Of<&EventsSettings::batch_max_size>,
     {.doc = "Events of one request.", .min = 1, .max = 10'000, .reload = config::Reload::kNo}},
    {"waiting_max",
     Of<&EventsSettings::waiting_max>,
     {.doc =
          "Events of clients (join, leave, connect, disconnect) that may wait on this node, a tenth of them "
          "of one user; more are lost, and counted.",
      .min = 100,
      .max = 10'000'000,
      .reload = config::Reload::kNo}},
    {"channels_max",
     Of<&EventsSettings::channels_max>,
     {.doc =
          "Occupied channels that this node keeps track of, about 300 bytes each; more are not told of, and "
          "counted.",
      .min = 100,
      .max = 100'000'000,
      .reload = config::Reload::kNo}},
    {"http.static_headers",
     Of<&EventsSettings::static_headers>,
     {.doc = "Headers of each request: {Authorization = \"Bearer …\"}.", .reload = config::Reload::kNo}},
    {"http.tls.server_ca_pem",
     Of<&EventsSettings::tls_server_ca_file>,
     {.doc = "File with the certificates in PEM that vouch for the endpoint; the system's when empty.",
      .reload = config::Reload::kNo}},
    {"http.tls.cert_pem",
     Of<&EventsSettings::tls_cert_file>,
     {.doc = "File with the certificate in PEM that is shown to the endpoint.",
      .reload = config::Reload::kNo}},
    {"http.tls.key_pem",
     Of<&EventsSettings::tls_key_file>,
     {.doc = "File with its key; only its owner may read it.", .reload = config::Reload::kNo}},
    {"http.tls.insecure_skip_verify",
     Of<&EventsSettings::tls_insecure_skip_verify>,
     {.doc = "Believes any certificate. For development.", .reload = config::Reload::kNo}},
};

void CheckEvents(const EventsSettings& events, const std::string& prefix, config::Findings& findings) {
  const auto add = [&](std::string_view key, std::string_view what) {
    findings.push_back({.key = fmt::format("{}{}", prefix, key), .text = fmt::format(": {}", what)});
  };
  // Not what the parser says: it has the URL in it, and that may have a password.
  if (!events.endpoint.empty() && !http::Url::Parse(events.endpoint)) {
    add("endpoint", events.endpoint.starts_with("grpc://")
                        ? "gRPC is not available; give an http or https URL"
                        : "must be an absolute http or https URL without credentials");
  }
  if (!events.endpoint.empty() && !events.queue.empty()) {
    add("queue", "the queue's push.url says where its jobs go; remove endpoint, or queue");
  }
  if (events.secrets.size() > webhooks::kSecretsMax) {
    add("secrets", fmt::format("at most {}", webhooks::kSecretsMax));
  }
  if (!events.secrets.empty() && events.endpoint.empty()) {
    add("secrets", "needs endpoint as well; a queue has push.secrets");
  }
  for (const config::Secret& secret : events.secrets) {
    if (const auto key = webhooks::ParseSecret(secret.value); !key) add("secrets", key.error().detail);
  }
  if (const auto headers = proxies::ReadStaticHeaders(events.static_headers.text); !headers) {
    add("http.static_headers", headers.error().detail);
  }
  if (events.tls_cert_file.empty() != events.tls_key_file.empty()) {
    add(events.tls_cert_file.empty() ? "http.tls.key_pem" : "http.tls.cert_pem",
        "http.tls.cert_pem and http.tls.key_pem belong together");
  }
  if (events.connections && !events.given()) add("connections", "needs endpoint, or queue");
}

}  // namespace

config::Section<EventsSettings> EventsSection() { return {.rows = kEvents, .check = CheckEvents}; }

void Check(const EventsSettings& events, const channels::ChannelSettings& channel,
           config::Findings& findings) {
  if (events.given()) return;
  const auto check = [&findings](const std::string& prefix, const channels::ChannelOptions& options) {
    for (const auto& [key, is_on] : {std::pair{"state_proxy_enabled", options.state_proxy_enabled},
                                     std::pair{"state_proxy_join_leave", options.state_proxy_join_leave}}) {
      if (!is_on) continue;
      findings.push_back(
          {.key = prefix + key,
           .others = {"channel.proxy.state.endpoint"},
           .text = " = true: needs channel.proxy.state.endpoint, or channel.proxy.state.queue"});
    }
  };
  check("channel.without_namespace.", channel.without_namespace);
  for (const auto& [name, options] : channel.namespaces) {
    check("channel.namespaces." + name + ".", options);
  }
}

}  // namespace tidemill::events
