// Authority: decides who may subscribe to a channel, and on which terms.
//
// The namespace of the channel chooses it (Context::authorities); a namespace without one of its own is
// served by the default: the subscription token if there is one, else the rules of the channel.
//
// One per loop, loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/option_overrides.h"
#include "auth/token.h"
#include "net/task.h"
#include "realtime/channels/rules.h"
#include "realtime/filter/filter.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/by_namespace.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

struct Client;

// On which terms a subscription is granted.
struct SubscribeTerms {
  bool server_side = false;    // the server's own: the client neither refreshes nor ends it
  std::string info;            // raw bytes: the presence entry's chan_info
  std::string data;            // raw bytes: told in the reply
  std::int64_t expire_at = 0;  // seconds since the Unix epoch; 0: never
  auth::OptionOverrides overrides;
  std::optional<auth::TokenMark> token;  // that granted it; nullopt: none did
  // What it may see of the channel, whatever it asks for; null: all.
  filter::FilterPtr server_filter;
  filter::FilterPtr filter;  // what the client asked for; null: all publications are for it
  std::string epoch;         // of the map that is granted, and no later one; "": any
  friend bool operator==(const SubscribeTerms&, const SubscribeTerms&) = default;
};

// Who asks for what. Everything is borrowed, and lives until the task has ended.
struct SubscribeCall {
  const Client& client;
  const channels::Channel& channel;
  const protocol::SubscribeRequest& request;
};

class Authority {
 public:
  virtual ~Authority() = default;
  // The form of the request and the limits of the client were checked before. The client may be gone when
  // the task completes: then nobody looks at the answer.
  virtual Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall call) = 0;
};

class Authorities {
 public:
  Authorities();

  // For all channels of the namespace. The authority outlives the loop's sessions.
  void Register(std::string name_space, Authority& authority) {
    table_.Add(std::move(name_space), authority);
  }
  Authority& For(std::string_view name_space) const;

 private:
  std::unique_ptr<Authority> default_;
  ByNamespace<Authority> table_;
};

}  // namespace tidemill::session
