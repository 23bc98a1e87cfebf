// Subscriptions: what a session follows: joining channels and leaving them.
//
// It brings together presence, the broker and the hub: a channel's publications follow its stream from the
// moment the subscription is joined, without a gap. Permission is asked before (authority.h).
//
// A subscription takes its place at once (Begin) and is under way until the task that joins it has an
// outcome. Who ends it meanwhile need not wait: from then on nothing of the channel arrives, and the outcome
// says so.
//
// Loop thread only. Part of its session, which outlives the tasks of Join (Session::Pin).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/task.h"
#include "realtime/broker/broker.h"
#include "realtime/channels/rules.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/authority.h"
#include "realtime/session/channel_subscription.h"
#include "realtime/session/client.h"
#include "realtime/session/map_catch_up.h"
#include "realtime/session/subscription_options.h"
#include "realtime/session/subscription_table.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

// What came of joining a channel.
struct Joined {
  protocol::SubscribeResult result;
  bool ended = false;          // meanwhile: it is not followed, and the result is empty
  std::uint16_t ended_by = 0;  // UnsubscribeCode to tell the client after the reply; 0: none
};

// Whether there was something to end.
enum class Left : std::uint8_t {
  kNothing,
  kUnderWay,  // it was being joined: Joined::ended tells whoever does
  kFollowed,
};

class Subscriptions {
 public:
  explicit Subscriptions(Client& client) : client_(client) {}
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  // Takes the place of a subscription that will be joined, or given up: kErrorAlreadySubscribed,
  // kErrorLimitExceeded.
  Verdict<void> Begin(std::string_view channel);
  // Whether it would.
  Verdict<void> MayBegin(std::string_view channel) const;
  // The same for a map that the client reads before it is joined: it has its place until it is ended.
  Verdict<MapCatchUp*> BeginCatchUp(std::string_view channel);
  // Null: there is none.
  MapCatchUp* FindCatchUp(std::string_view channel) const;
  // Whether there was one.
  bool EndCatchUp(std::string_view channel);
  // Until no subscription of the channel is under way; it may be there or not, and the session be closed.
  Task<void> UntilSettled(std::string channel);

  // Follows a channel that was begun. Publications come from here on. A refusal says why it does not; nothing
  // of it is left then. One that is worth another try is not given for what was ended: it would be tried.
  // What is recovered fits into one answer, beside the `answered_bytes` that are in it already; more is not
  // recovered.
  Task<Verdict<Joined>> Join(protocol::SubscribeRequest request, SubscribeTerms terms,
                             std::size_t answered_bytes = 0);
  // The same for what is not joined because of `why`.
  Verdict<Joined> GiveUp(std::string_view channel, Refusal why);
  // Tells the others in the channel, where its options want that. After the reply, as the client hears it
  // too.
  void Announce(std::string_view channel);

  // Nothing more of the channel arrives. `code` is what to tell the client if it is under way; 0: nothing. A
  // map that is being read counts as followed.
  Left Leave(std::string_view channel, std::uint32_t code = 0);
  // Leaves all, and none is joined any more.
  void Close();
  // The same for as many as the callback's share of the turn has time for; whether that was all.
  bool CloseSome();

  bool closed() const { return closed_ != 0; }
  // Null if it is not there. One that is under way is not attached().
  ChannelSubscription* Find(std::string_view channel) const { return table_.Find(channel); }
  // What the client may see of the channel, by the terms of its subscription; null: all.
  filter::FilterPtr ServerFilter(std::string_view channel) const;
  // Whether the one with that number was not ended meanwhile. Its address says nothing: the next one of the
  // channel may have the same.
  bool Holds(std::string_view channel, std::uint32_t number) const;
  // Of the one that was begun last.
  std::uint32_t last_number() const { return begun_; }
  std::size_t size() const { return table_.size(); }
  // At most so many, in the order of their names.
  std::vector<std::string> Channels(std::size_t count_max = SIZE_MAX) const;
  // Those of maps that are being read.
  std::vector<std::string> CatchUpChannels() const;

  void KeepToken(ChannelSubscription& subscription, auth::TokenMark token);
  // The channels whose tokens the decision revokes.
  std::vector<std::string> RevokedBy(const access::Entry& entry) const;

  void SetExpiry(ChannelSubscription& subscription, std::int64_t expire_at);
  // In seconds since the Unix epoch; 0: none expires. None expires before it: when one was renewed or ended,
  // it is earlier than the earliest of all until ExpiredAt has looked.
  std::int64_t EarliestExpiry() const { return earliest_expiry_; }
  // Those that expired until then. Looks at all of them only if one may have.
  std::vector<ChannelSubscription*> ExpiredAt(WallTime time);

 private:
  // Their subscription is under way and so stays where it is, unless the session is closed.
  Task<Verdict<protocol::SubscribeResult>> Follow(ChannelSubscription& subscription,
                                                  const protocol::SubscribeRequest& request,
                                                  const SubscriptionOptions& options,
                                                  const filter::FilterPtr& filter,
                                                  broker::SubscribeOptions asked, std::size_t answered_bytes);
  // Drops what is recovered if it makes the answer too large.
  Verdict<void> FitIntoAnswer(broker::SubscribeOutcome& outcome, protocol::DataAs data,
                              std::size_t answered_bytes) const;
  Task<Verdict<void>> EnterPresence(ChannelSubscription& subscription);
  Task<Verdict<protocol::SubscribeResult>> JoinBegun(ChannelSubscription& subscription,
                                                     protocol::SubscribeRequest& request,
                                                     SubscribeTerms& terms, std::size_t answered_bytes);
  // It is not under way any more.
  Verdict<Joined> Settle(std::string_view channel, Verdict<protocol::SubscribeResult> outcome);
  std::unexpected<Refusal> RefusalOf(const Error& error) const;
  // Null: there are none.
  MapCatchUps* CatchUps() const;
  void EndCatchUps();
  void End(ChannelSubscription& subscription);
  void EnterMirror(ChannelSubscription& subscription);
  // Tells LifecycleEvents of it, if they want to know.
  void Report(ChannelSubscription& subscription);
  void LeaveMirror(const SubscriptionExtra& extra);
  void NoteExpiry(std::int64_t expire_at);

  Client& client_;
  SubscriptionTable table_;
  // Part of each connection: as small as they can be.
  std::uint32_t begun_ : 30 = 0;
  std::uint32_t reads_maps_ : 1 = 0;  // the context has catch-ups of it
  std::uint32_t closed_ : 1 = 0;
  std::uint32_t earliest_expiry_ = 0;  // at most this
};

}  // namespace tidemill::session
