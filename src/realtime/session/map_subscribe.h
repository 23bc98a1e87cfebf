// MapSubscribe: the subscribe command of a map channel (client protocol, types 1 to 3).
//
// A client sends it several times: phase 2 reads the state page by page, phase 1 the stream since the first
// page, until it is so close to the top that the server makes the subscription live in the same reply, phase
// 0. A client that was away begins with phase 1 or 0 at the position it has. Every page carries the position
// of the first: what changed on pages that were read before is in the stream.
//
// Loop thread only. Made for one command; refers to parts of the session, which outlives it (Session::Pin).
#pragma once

#include <optional>
#include <string>

#include "net/task.h"
#include "realtime/broker/map_settings.h"
#include "realtime/channels/rules.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/client.h"
#include "realtime/session/subscriptions.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

class MapSubscribe {
 public:
  MapSubscribe(Client& client, Subscriptions& subscriptions)
      : client_(client), subscriptions_(subscriptions) {}
  MapSubscribe(const MapSubscribe&) = delete;
  MapSubscribe& operator=(const MapSubscribe&) = delete;

  // The channel's name was checked. The result is a page, or that of a subscription that was joined.
  Task<Verdict<Joined>> Run(protocol::SubscribeRequest request);
  // What the outbox holds back must wait until the reply is queued: then it must be resumed.
  bool paused() const { return paused_; }

 private:
  using Result = protocol::SubscribeResult;
  struct Options {
    broker::MapSettings map;
    broker::MapPaging paging;
    bool deltas = false;
    protocol::DataAs data_as = protocol::DataAs::kPayload;
    bool keeps_stream() const { return map.stream.enabled(); }
  };

  // Asks for permission, unless the client has begun.
  Task<Verdict<void>> Admit(const protocol::SubscribeRequest& request, const channels::Channel& channel,
                            const Options& options);
  Task<Verdict<void>> BeginToRead(const protocol::SubscribeRequest& request,
                                  const channels::Channel& channel);
  // All commands are about the map that the first one was granted: kErrorUnrecoverablePosition.
  Verdict<void> HoldEpoch(protocol::SubscribeRequest& request) const;
  Task<Verdict<Joined>> RunPhase(const protocol::SubscribeRequest& request, const Options& options);
  Task<Verdict<Joined>> ReadState(const protocol::SubscribeRequest& request, const Options& options);
  Task<Verdict<Joined>> ReadStream(const protocol::SubscribeRequest& request, const Options& options);
  Task<Verdict<std::uint64_t>> StreamTop(const protocol::SubscribeRequest& request);
  // `result` holds what the reply has beside the changes since then.
  Task<Verdict<Joined>> GoLive(const protocol::SubscribeRequest& request, protocol::StreamPosition since,
                               Result result);
  // Without a stream to continue from: first follows, then reads what is left of the state.
  Task<Verdict<Joined>> GoLiveUnstreamed(const protocol::SubscribeRequest& request, const Options& options);
  Task<Verdict<Joined>> Join(const protocol::SubscribeRequest& request,
                             std::optional<protocol::StreamPosition> since, std::size_t answered_bytes);
  broker::MapStateCall PageCall(const protocol::SubscribeRequest& request, const Options& options) const;
  // The one that this command is about; null: it was ended meanwhile.
  MapCatchUp* CatchUp(const protocol::SubscribeRequest& request) const;

  Client& client_;
  Subscriptions& subscriptions_;
  std::uint32_t number_ = 0;  // of the catch-up
  bool paused_ = false;
};

}  // namespace tidemill::session
