#include "cluster/messages.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/decode.h"
#include "cluster/encode.h"

namespace tidemill::cluster {
namespace {

Message From(decltype(Message::body) body) { return {.from = NodeId("n1"), .body = std::move(body)}; }

control::NodeInfo Node(std::string uid) {
  return {.uid = std::move(uid),
          .name = "tide \"1\"",
          .version = "0.2.0",
          .uptime = Seconds(7),
          .counts = {.clients = 1, .users = 2, .subscriptions = 3, .channels = 4}};
}

TEST(ClusterMessages, ComeOutAsTheyWentIn) {
  const control::Target target{.user = "u", .client = "c", .session = "s", .except_clients = {"d", "e\n"}};
  const control::Subscribe subscribe{
      .channel = "news",
      .info = std::string("\xff\0\x01", 3),
      .data = R"({"a":1})",
      .expire_at = 1'800'000'000,
      .recover_since = protocol::StreamPosition{.offset = ~0ULL, .epoch = "abcdefgh"},
      .overrides = {.presence = true,
                    .join_leave = false,
                    .force_recovery = true,
                    .force_positioning = false,
                    .force_push_join_leave = true}};
  const Message messages[] = {
      From(Heartbeat{.node = Node("n1"), .hello = true}),
      From(Heartbeat{.node = {.uid = "n1", .name = "", .version = ""}}),
      From(Left{}),
      From(Command{.id = 1, .target = target, .action = control::Disconnect{3503, "bye"}}),
      From(Command{
          .id = 2, .target = {.user = ""}, .action = control::Disconnect{3000, ""}, .wants_ack = false}),
      From(Command{.id = 3, .target = target, .action = control::Unsubscribe{"news"}}),
      From(Command{.id = 4, .target = target, .action = control::Unsubscribe{""}}),
      From(Command{.id = 5, .target = target, .action = subscribe}),
      From(Command{.id = 6, .target = target, .action = control::Subscribe{.channel = "x"}}),
      From(Command{.id = 7, .target = target, .action = control::Refresh{.expired = true}}),
      From(Command{.id = 8,
                   .target = target,
                   .action = control::Refresh{.expire_at = -1, .info = std::string("\xfe")}}),
      From(Command{.id = 9, .target = target, .action = control::Refresh{.info = ""}}),
      From(Command{.id = 10,
                   .target = {.user = "", .session = "s"},
                   .action = control::Deliver{std::string("\0\xfe", 2)}}),
      From(Command{.id = 11,
                   .target = {.user = ""},
                   .action = control::ChangeAccess{{.kind = access::Kind::kUserTokens,
                                                    .subject = "u",
                                                    .channel = "news",
                                                    .issued_before = 5,
                                                    .expire_at = 6,
                                                    .decided_at = 7}}}),
      From(Command{.id = 12,
                   .target = {.user = ""},
                   .action = control::ChangeAccess{{.subject = "u", .decided_at = 7, .lifted = true}}}),
      From(Ack{.id = 1}),
      From(Ack{.id = ~0ULL, .result = Fail(Errc::kLimitExceeded, "client.channel_limit reached")}),
      From(Survey{.id = 1, .question = AskChannels{"chat:*"}}),
      From(Survey{.id = 1, .question = AskChannels{}}),
      From(Survey{.id = 1, .question = AskConnections{.user = "u", .after = "c1", .limit = 7}}),
      From(SurveyReply{
          .id = 1,
          .answer = control::ConnectionsPage{.connections = {{.client = "c1",
                                                              .user = "u",
                                                              .app_name = "web",
                                                              .app_version = "1",
                                                              .transport = "websocket",
                                                              .protocol = "json",
                                                              .connected_at = 5,
                                                              .queued_bytes = 6,
                                                              .subscriptions = 7,
                                                              .channels = {"a", "b"},
                                                              .token = {.id = "t", .issued_at = 8},
                                                              .meta = R"({"x":1})"},
                                                             {.client = "c2"}},
                                             .has_more = true}}),
      From(SurveyReply{.id = 1, .answer = control::ConnectionsPage{}}),
      From(Survey{.id = 2, .question = AskUser{"u"}}),
      From(Survey{.id = 3, .question = AskNode{}}),
      From(SurveyReply{.id = 1, .answer = ChannelsAnswer{.channels = {{"a\"", 1}, {"b", 2}}}}),
      From(SurveyReply{.id = 1, .answer = ChannelsAnswer{.channels = {}, .truncated = true}}),
      From(SurveyReply{.id = 2, .answer = UserAnswer{.sessions = 5}}),
      From(SurveyReply{.id = 3, .answer = Node("")}),
      From(SurveyReply{.id = 4, .answer = FailedAnswer{{Errc::kInvalidArgument, "no such pattern"}}}),
  };
  for (const Message& message : messages) {
    const std::string text = Encode(message);
    SCOPED_TRACE(text);
    EXPECT_TRUE(IsJsonObject(text));
    const auto read = Decode(text);
    ASSERT_TRUE(read) << read.error().detail;
    ASSERT_TRUE(read->has_value());
    EXPECT_EQ(**read, message);
  }
}

// What nodes of this minor step send; a change here is a change of the format.
TEST(ClusterMessages, KeepTheirForm) {
  EXPECT_EQ(
      Encode(From(Command{.id = 7, .target = {.user = "u"}, .action = control::Unsubscribe{"news"}})),
      R"({"v":1,"from":"n1","body":{"id":7,"target":{"user":"u"},"channel":"news"},"type":"unsubscribe"})");
  EXPECT_EQ(
      Encode(From(Heartbeat{.node = Node("n1"), .hello = true})),
      R"({"v":1,"from":"n1","body":{"name":"tide \"1\"","version":"0.2.0","uptime_ms":7000,"clients":1,)"
      R"("users":2,"subscriptions":3,"channels":4,"hello":true},"type":"node"})");
  EXPECT_EQ(Encode(From(SurveyReply{.id = 1, .answer = ChannelsAnswer{.channels = {{"a", 2}}}})),
            R"({"v":1,"from":"n1","body":{"id":1,"channels":{"counts":{"a":2}}},"type":"answer"})");
}

TEST(ClusterMessages, SkipWhatALaterNodeAdds) {
  const auto read = Decode(
      R"({"type":"disconnect","new":[{}],"body":{"why":{"x":1},"code":3501,"target":{"user":"u","device":9},)"
      R"("id":4},)"
      R"("from":"n2","v":1})");
  ASSERT_TRUE(read && read->has_value());
  EXPECT_EQ(**read, (Message{.from = NodeId("n2"),
                             .body = Command{.id = 4,
                                             .target = {.user = "u"},
                                             .action = control::Disconnect{.code = 3501, .reason = ""}}}));
  const char* const unknown[] = {
      R"({"v":1,"type":"moved","from":"n2","body":{"id":"text"}})",
      R"({"v":1,"type":"moved","from":"n2"})",
      R"({"v":2,"type":"disconnect","from":"n2","body":[]})",
      R"({"v":1,"type":"survey","from":"n2","body":{"id":1,"weather":{}}})",
      R"({"v":1,"type":"answer","from":"n2","body":{"id":1,"weather":{}}})",
  };
  for (const char* const text : unknown) {
    SCOPED_TRACE(text);
    const auto ignored = Decode(text);
    ASSERT_TRUE(ignored) << ignored.error().detail;
    EXPECT_FALSE(ignored->has_value());
  }
  const auto ack = Decode(R"({"v":1,"type":"ack","from":"n2","body":{"id":1,"error":{"code":"too_new"}}})");
  ASSERT_TRUE(ack && ack->has_value());
  EXPECT_EQ(std::get<Ack>((*ack)->body).result, Result<void>(Fail(Errc::kInternal, "")));
}

TEST(ClusterMessages, AreRefusedWhenMalformed) {
  const std::string long_id(65, 'x');
  const std::string long_name(256, 'x');
  const std::string long_reason(124, 'x');
  const auto disconnect = [](const std::string& body) {
    return R"({"v":1,"type":"disconnect","from":"n2","body":)" + body + "}";
  };
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"empty", ""},
      {"not JSON", "hello"},
      {"not an object", "[]"},
      {"cut off", R"({"v":1,"type":"left","from":"n2","body":{)"},
      {"more behind", R"({"v":1,"type":"left","from":"n2","body":{}} x)"},
      {"no version", R"({"type":"left","from":"n2","body":{}})"},
      {"version is text", R"({"v":"1","type":"left","from":"n2","body":{}})"},
      {"no sender", R"({"v":1,"type":"left","body":{}})"},
      {"sender too long", R"({"v":1,"type":"left","from":")" + long_id + R"(","body":{}})"},
      {"no body", R"({"v":1,"type":"left","from":"n2"})"},
      {"body is no object", R"({"v":1,"type":"left","from":"n2","body":[]})"},
      {"name too long", R"({"v":1,"type":"node","from":"n2","body":{"name":")" + long_name + R"("}})"},
      {"count below zero", R"({"v":1,"type":"node","from":"n2","body":{"clients":-1}})"},
      {"no target", disconnect(R"({"id":1,"code":3000})")},
      {"no id", disconnect(R"({"target":{},"code":3000})")},
      {"no code", disconnect(R"({"id":1,"target":{}})")},
      {"code that a close frame cannot carry", disconnect(R"({"id":1,"target":{},"code":1005})")},
      {"reason too long",
       disconnect(R"({"id":1,"target":{},"code":3000,"reason":")" + long_reason + R"("})")},
      {"subscribe without a channel",
       R"({"v":1,"type":"subscribe","from":"n2","body":{"id":1,"target":{}}})"},
      {"not base64",
       R"({"v":1,"type":"subscribe","from":"n2","body":{"id":1,"target":{},"channel":"a","data":"?"}})"},
      {"too long",
       R"({"v":1,"type":"left","from":"n2","body":{"x":")" + std::string(kMessageBytesMax, 'x') + R"("}})"},
  };
  for (const auto& [name, text] : cases) {
    SCOPED_TRACE(name);
    const auto read = Decode(text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::kInvalidArgument);
  }
}

TEST(ClusterMessages, AnAnswerEndsAtItsLimitAndSaysSo) {
  ChannelsAnswer answer;
  for (int i = 0; i < 100'000; ++i) answer.channels.push_back({"channel-" + std::to_string(i), 1});
  const std::string text = Encode(From(SurveyReply{.id = 1, .answer = answer}));
  EXPECT_LE(text.size(), kAnswerBytesMax + 1000);
  const auto read = Decode(text);
  ASSERT_TRUE(read && read->has_value());
  const auto& truncated = std::get<ChannelsAnswer>(std::get<SurveyReply>((*read)->body).answer);
  EXPECT_TRUE(truncated.truncated);
  EXPECT_GT(truncated.channels.size(), 40'000u);
  EXPECT_EQ(truncated.channels.back(), answer.channels[truncated.channels.size() - 1]);
}

// With all that a connection may have, of characters that JSON writes in six.
TEST(ClusterMessages, AListOfConnectionsAlwaysFits) {
  const std::string token(60'000, '\x01');  // its user and meta: a token is no longer
  control::ConnectionInfo info{.client = std::string(36, 'c'), .user = token, .transport = "websocket"};
  info.channels.assign(16, std::string(1024, '\x01'));
  control::ConnectionsPage page;
  for (int i = 0; i < 20; ++i) page.connections.push_back(info);
  const std::string text = Encode(From(SurveyReply{.id = 1, .answer = page}));
  EXPECT_LE(text.size(), kMessageBytesMax);
  const auto read = Decode(text);
  ASSERT_TRUE(read && *read);
  const auto& told = std::get<control::ConnectionsPage>(std::get<SurveyReply>((*read)->body).answer);
  EXPECT_TRUE(told.has_more);
  EXPECT_GE(told.connections.size(), 1u);
  EXPECT_LT(told.connections.size(), page.connections.size());
}

}  // namespace
}  // namespace tidemill::cluster
