#include "realtime/session/subscription_options.h"

#include <gtest/gtest.h>

#include <functional>

namespace tidemill::session {
namespace {

struct Case {
  const char* name;
  std::function<void(channels::ChannelOptions&, auth::OptionOverrides&, protocol::SubscribeRequest&,
                     ReadRights&)>
      with;
  SubscriptionOptions expected;
};

// Each case begins with a channel that keeps a stream and has nothing else on.
TEST(OptionsFor, TheNamespaceTheTermsAndTheClientDecideTogether) {
  using Channel = channels::ChannelOptions;
  using Overrides = auth::OptionOverrides;
  using Request = protocol::SubscribeRequest;
  const Case cases[] = {
      {"nothing is on", [](Channel&, Overrides&, Request&, ReadRights&) {}, {}},
      {"the namespace's presence and joins",
       [](Channel& c, Overrides&, Request&, ReadRights&) {
         c.presence = c.join_leave = c.force_push_join_leave = true;
       },
       {.presence = true, .join_leave = true, .push_join_leave = true}},
      {"the terms switch them off",
       [](Channel& c, Overrides& o, Request&, ReadRights&) {
         c.presence = c.join_leave = c.force_push_join_leave = true;
         o = {.presence = false, .join_leave = false, .force_push_join_leave = false};
       },
       {}},
      {"joins are pushed to who asks and may read presence",
       [](Channel&, Overrides&, Request& r, ReadRights& may) { r.join_leave = may.presence = true; },
       {.push_join_leave = true}},
      {"and to nobody else", [](Channel&, Overrides&, Request& r, ReadRights&) { r.join_leave = true; }, {}},
      {"recovery that the client asks for, by right of reading history",
       [](Channel&, Overrides&, Request& r, ReadRights& may) { r.recoverable = may.history = true; },
       {.positioned = true, .recoverable = true}},
      {"by the namespace's leave",
       [](Channel& c, Overrides&, Request& r, ReadRights&) { r.recoverable = c.allow_recovery = true; },
       {.positioned = true, .recoverable = true}},
      {"not without either", [](Channel&, Overrides&, Request& r, ReadRights&) { r.recoverable = true; }, {}},
      {"forced recovery, and a client that comes back",
       [](Channel& c, Overrides&, Request& r, ReadRights&) { c.force_recovery = r.recover = true; },
       {.positioned = true, .recoverable = true, .recovers = true}},
      {"positioning alone",
       [](Channel& c, Overrides&, Request& r, ReadRights&) { r.positioned = c.allow_positioning = true; },
       {.positioned = true}},
      {"no stream, no position",
       [](Channel& c, Overrides&, Request& r, ReadRights&) {
         c.history_size = 0;
         c.force_recovery = c.force_positioning = r.recover = true;
       },
       {}},
      {"a cache recovers by itself",
       [](Channel& c, Overrides&, Request&, ReadRights&) {
         c.force_recovery = c.auto_cache_recover = true;
         c.force_recovery_mode = "cache";
       },
       {.positioned = true, .recoverable = true, .recovers = true, .mode = broker::RecoveryMode::kCache}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Channel channel;
    channel.history_size = 5;
    channel.history_ttl = Seconds(60);
    Overrides overrides;
    Request request;
    ReadRights rights;
    c.with(channel, overrides, request, rights);
    EXPECT_EQ(OptionsFor(channel, overrides, request, rights), c.expected);
  }
}

TEST(ResultOf, AClientThatRecoversKeepsItsOffset) {
  const SubscriptionOptions options{.positioned = true, .recoverable = true, .recovers = true};
  const broker::SubscribeOutcome recovered{.top = {.offset = 9, .epoch = "e"}, .recovered = true};
  protocol::SubscribeRequest asked;
  asked.offset = 7;
  EXPECT_EQ(ResultOf(options, asked, recovered).offset, 7u);
  EXPECT_TRUE(ResultOf(options, asked, recovered).was_recovering);
  const broker::SubscribeOutcome lost{.top = {.offset = 9, .epoch = "e"}};
  EXPECT_EQ(ResultOf(options, asked, lost).offset, 9u);
  EXPECT_EQ(ResultOf({}, asked, lost).epoch, "") << "no position where none is kept";
}

}  // namespace
}  // namespace tidemill::session
