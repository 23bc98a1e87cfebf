// docs/formats/control-messages.md tells the truth.
#include <gtest/gtest.h>

#include "base/testing/format_example.h"
#include "cluster/decode.h"
#include "cluster/encode.h"

namespace tidemill::cluster {
namespace {

Message From(std::string node, decltype(Message::body) body) {
  return {.from = NodeId(std::move(node)), .body = std::move(body)};
}

TEST(ControlMessageFormat, IsAsDocumented) {
  const control::NodeInfo node{.uid = "n1",
                               .name = "tide-1",
                               .version = "0.2.0",
                               .uptime = Seconds(7),
                               .counts = {.clients = 1, .users = 1, .subscriptions = 2, .channels = 2}};
  struct Case {
    const char* name;
    Message message;
  };
  const Case cases[] = {
      {"heartbeat", From("n1", Heartbeat{.node = node, .hello = true})},
      {"left", From("n1", Left{})},
      {"disconnect", From("n1", Command{.id = 7,
                                        .target = {.user = "u", .except_clients = {"c1"}},
                                        .action = control::Disconnect{.code = 3503, .reason = "revoked"}})},
      {"unsubscribe", From("n1", Command{.id = 8,
                                         .target = {.user = "u", .client = "c1"},
                                         .action = control::Unsubscribe{"news"}})},
      {"subscribe",
       From("n1",
            Command{.id = 9,
                    .target = {.user = "u"},
                    .action = control::Subscribe{.channel = "news",
                                                 .data = R"({"a":1})",
                                                 .recover_since = protocol::StreamPosition{4, "abcdefgh"},
                                                 .overrides = {.presence = true}}})},
      {"refresh", From("n1", Command{.id = 10,
                                     .target = {.user = "u"},
                                     .action = control::Refresh{.expire_at = 1'800'000'000}})},
      {"deliver",
       From("n1", Command{.id = 11,
                          .target = {.user = "", .session = "0000d1a4-8a52-4b0c-8e6f-3f1f0a1b2c3d"},
                          .action = control::Deliver{R"({"id":2,"ping":{}})"}})},
      {"access", From("n1", Command{.id = 12,
                                    .target = {.user = ""},
                                    .action = control::ChangeAccess{{.kind = access::Kind::kUserTokens,
                                                                     .subject = "u",
                                                                     .issued_before = 1'800'000'000,
                                                                     .expire_at = 1'800'003'600,
                                                                     .decided_at = 1'800'000'000'123}}})},
      {"ack", From("n2", Ack{.id = 7})},
      {"failed-ack",
       From("n2", Ack{.id = 9, .result = Fail(Errc::kLimitExceeded, "client.channel_limit reached")})},
      {"survey", From("n1", Survey{.id = 11, .question = AskChannels{"chat:*"}})},
      {"answer",
       From("n2",
            SurveyReply{.id = 11, .answer = ChannelsAnswer{.channels = {{"chat:1", 3}, {"chat:2", 1}}}})},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string example = tidemill::testing::TextExample("control-messages.md", c.name);
    EXPECT_EQ(Encode(c.message), example);
    const auto decoded = Decode(example);
    ASSERT_TRUE(decoded && decoded->has_value());
    EXPECT_EQ(**decoded, c.message);
  }
}

}  // namespace
}  // namespace tidemill::cluster
