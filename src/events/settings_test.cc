#include "events/settings.h"

#include <gtest/gtest.h>

#include <string>

#include "config/section.h"

namespace tidemill::events {
namespace {

std::string Found(const EventsSettings& events, const channels::ChannelSettings& channel = {}) {
  config::Findings findings;
  EventsSection().check(events, "channel.proxy.state.", findings);
  Check(events, channel, findings);
  std::string all;
  for (const config::Finding& finding : findings) all += finding.key + finding.text + "\n";
  return all;
}

TEST(EventsSettings, AreRefusedByNameAndReason) {
  EXPECT_EQ(Found({}), "");
  EventsSettings events;
  events.endpoint = "grpc://localhost:1";
  EXPECT_EQ(Found(events),
            "channel.proxy.state.endpoint: gRPC is not available; give an http or https URL\n");
  events.endpoint = "localhost";
  EXPECT_NE(Found(events).find("must be an absolute http or https URL"), std::string::npos);
  events.endpoint = "https://example.com/events";
  events.secrets = {{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}};
  EXPECT_EQ(Found(events), "");
  events.queue = "events";
  EXPECT_NE(Found(events).find("channel.proxy.state.queue: "), std::string::npos);
  events.endpoint.clear();
  EXPECT_NE(Found(events).find("channel.proxy.state.secrets: needs endpoint"), std::string::npos);
  events.secrets = {{"short"}};
  EXPECT_NE(Found(events).find("whsec_"), std::string::npos);
  EXPECT_EQ(Found(events).find("short"), std::string::npos) << "a secret is not shown";
}

TEST(EventsSettings, AreNeededByNamespacesThatWantEvents) {
  channels::ChannelSettings channel;
  channel.namespaces["chat"].state_proxy_enabled = true;
  channel.without_namespace.state_proxy_join_leave = true;
  const std::string found = Found({}, channel);
  EXPECT_NE(found.find("channel.namespaces.chat.state_proxy_enabled = true: needs"), std::string::npos);
  EXPECT_NE(found.find("channel.without_namespace.state_proxy_join_leave = true: needs"), std::string::npos);
  EventsSettings events;
  events.queue = "events";
  EXPECT_EQ(Found(events, channel), "");
}

}  // namespace
}  // namespace tidemill::events
