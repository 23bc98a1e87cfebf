// Every setting of the server, typed, with its default: the sections of all modules put together. Only the
// wiring and the commands need the whole; a module knows its own section.
//
// Plain values, filled once by Load and then immutable; a reload makes a new one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accounts/settings.h"
#include "api/settings.h"
#include "base/clock.h"
#include "base/result.h"
#include "chat/rooms/settings.h"
#include "chat/uploads/settings.h"
#include "config/sources.h"
#include "config/value.h"
#include "events/settings.h"
#include "http/settings.h"
#include "jobs/engine/settings.h"
#include "jobs/faktory/settings.h"
#include "jobs/nodes/settings.h"
#include "outbox/settings.h"
#include "postgres/settings.h"
#include "queries/cache/settings.h"
#include "queries/endpoint/settings.h"
#include "queries/live/settings.h"
#include "realtime/access/settings.h"
#include "realtime/broker/settings.h"
#include "realtime/channels/settings.h"
#include "realtime/polls/settings.h"
#include "realtime/proxies/settings.h"
#include "realtime/session/settings.h"
#include "realtime/session/usage_settings.h"
#include "realtime/status/settings.h"
#include "settings/log.h"
#include "sqlite/settings.h"

namespace tidemill::config {
template <class S>
class Schema;
}

namespace tidemill::settings {

struct Settings {
  std::string node_name;    // "": host name and port
  std::uint32_t loops = 0;  // 0: one per core
  http::ServerSettings http_server;
  api::HttpApiSettings http_api;
  session::WebsocketSettings websocket;
  session::HttpStreamSettings sse{.handler_prefix = "/connection/sse"};
  session::HttpStreamSettings http_stream{.handler_prefix = "/connection/http_stream"};
  session::EmulationSettings emulation;
  session::UniWebsocketSettings uni_websocket;
  session::HttpStreamSettings uni_sse{.handler_prefix = "/connection/uni_sse"};
  session::HttpStreamSettings uni_http_stream{.handler_prefix = "/connection/uni_http_stream"};
  session::ClientSettings client;
  channels::ChannelSettings channel;
  polls::PollSettings shared_poll;
  proxies::ProxiesSettings proxies;
  events::EventsSettings events;
  broker::BrokerSettings broker;
  access::AccessSettings access;
  status::StatusSettings user_status;
  sqlite::SqliteSettings sqlite;
  postgres::PostgresSettings postgres;
  queries::QueriesSettings queries;
  queries::CacheSettings queries_cache;
  queries::live::LiveSettings queries_live;
  jobs::JobsSettings jobs;
  faktory::FaktorySettings faktory;
  nodes::NodesSettings job_nodes;
  outbox::OutboxSettings outbox;
  chat::ChatSettings chat;
  chat::UploadSettings chat_uploads;
  accounts::AccountsSettings accounts;
  LogSettings log;
  bool health_enabled = true;
  bool prometheus_enabled = true;
  session::UsageOptions prometheus_usage;
  bool console_enabled = false;
  bool console_read_only = false;
  Duration shutdown_delay = Seconds(0);
  Duration shutdown_timeout = Seconds(30);
  friend bool operator==(const Settings&, const Settings&) = default;
};

// All sections, in the order of the documentation.
const config::Schema<Settings>& AllSections();

// `base`: what is in force where nothing is given. `origins`: where each key was given, unless null.
// config/load.h says how errors look.
Result<Settings> Load(const config::Sources& sources, Settings base = {}, config::Origins* origins = nullptr);

// Names of the keys in which `wanted` differs from `running` and that only a restart takes over.
std::vector<std::string> NeedRestart(const Settings& running, const Settings& wanted);

// docs/configuration.md.
std::string Markdown();

// For `config show` and `config default`; Load reads the plain form back.
std::string ToToml(const Settings& settings, config::SecretsIn secrets);
// One line, for `config show --json`.
std::string ToJson(const Settings& settings, config::SecretsIn secrets);

}  // namespace tidemill::settings
