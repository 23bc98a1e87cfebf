// Context: what the sessions of one loop share.
//
// Loop thread only, but for SessionSettings, which is immutable and shared by loops; a reload replaces the
// pointers, sessions keep what they hold.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "http/buffer_budget.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "realtime/access/access_list.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/broker/presence.h"
#include "realtime/broker/publisher.h"
#include "realtime/channels/rules.h"
#include "realtime/control/directory.h"
#include "realtime/delta/fossil.h"
#include "realtime/hub/hub.h"
#include "realtime/polls/polls.h"
#include "realtime/polls/settings.h"
#include "realtime/session/announcer.h"
#include "realtime/session/app_names.h"
#include "realtime/session/authority.h"
#include "realtime/session/backend.h"
#include "realtime/session/lifecycle.h"
#include "realtime/session/map_catch_up.h"
#include "realtime/session/metrics.h"
#include "realtime/session/presence_mirror.h"
#include "realtime/session/refusal_log.h"
#include "realtime/session/registry.h"
#include "realtime/session/rpc.h"
#include "realtime/session/settings.h"
#include "realtime/session/settling.h"
#include "realtime/session/shared_rates.h"
#include "realtime/session/token_index.h"
#include "realtime/session/tokens.h"
#include "realtime/session/user_rates.h"

namespace tidemill::session {

struct SessionSettings {
  ClientSettings client;
  WebsocketSettings websocket;
  HttpStreamSettings sse;
  HttpStreamSettings http_stream;
  EmulationSettings emulation;
  UniWebsocketSettings uni_websocket;
  HttpStreamSettings uni_sse;
  HttpStreamSettings uni_http_stream;
  std::shared_ptr<const channels::Rules> rules;
  polls::PollSettings polls;
  ClientRates rates;  // a reload begins with full buckets
  std::string node_id;
  std::string node_name;
  std::string version;  // of this server, told to clients
};

struct Context {
  net::Loop& loop;
  broker::Broker& broker;
  broker::PresenceStore& presence;
  broker::Publisher& publisher;
  broker::MapPublisher& maps;
  hub::Hub& hub;
  SessionMetrics& metrics;
  std::shared_ptr<const SessionSettings> settings;
  std::shared_ptr<Tokens> tokens;
  control::Directory* directory = nullptr;  // set by the wiring once all loops are there
  bool draining = false;                    // no new connections
  access::AccessList* access = nullptr;     // of the node; null: anybody may come in
  TokenIndex token_index{};                 // ends after all that is in it
  AppNames app_names{};
  Registry registry;
  TaskScope& scope;  // what outlives a session: its commands in flight, and what the announcer still tells
  Announcer announcer{broker, presence, maps, metrics, scope};
  PresenceMirror mirror{loop, maps, metrics, scope, settings};
  RefusalLog refusals{metrics, loop};
  Settling settling{loop};
  MapCatchUpsOfAll catch_ups{};  // of sessions that have any
  delta::FossilEncoder fossil{};
  std::string reply_buffer{};  // where replies are encoded, one at a time
  // Who serves a namespace in another way than the default.
  Authorities authorities{};
  RpcHandlers rpc_handlers{};
  // Of methods of the server's own, whoever serves their namespace.
  std::map<std::string, RpcHandler*, std::less<>> rpc_methods{};
  Backend* backend = nullptr;             // null: nobody is asked about clients
  polls::Polls* polls = nullptr;          // null: there are no polled channels
  SharedRates* shared_rates = nullptr;    // null: users are counted on this node only
  bool keeps_claims = false;              // clients keep the claims of their tokens
  Lifecycle lifecycle{};                  // who is told of connections that come and go
  http::BufferBudget* buffers = nullptr;  // of messages that have not arrived whole; null: there is no limit

  // Who answers that rpc; null: nobody.
  RpcHandler* RpcHandlerOf(std::string_view method) const {
    const auto own = rpc_methods.find(method);
    if (own != rpc_methods.end()) return own->second;
    const std::size_t colon = method.find(':');
    RpcHandler* const handler = rpc_handlers.Find(method.substr(0, colon == method.npos ? 0 : colon));
    return handler ? handler : backend;
  }
};

}  // namespace tidemill::session
