#include "realtime/proxies/request.h"

#include <gtest/gtest.h>

namespace tidemill::proxies {
namespace {

const Asker kAsker{
    .client = "c1", .transport = "websocket", .protocol = "json", .user = "u", .meta = R"({"plan":"pro"})"};
constexpr char kHead[] = R"({"client":"c1","transport":"websocket","protocol":"json","encoding":"json")";

TEST(ConnectBody, HasWhatTheClientSaid) {
  protocol::ConnectRequest request{
      .token = {}, .data = R"({"a": 1})", .subs = {}, .name = "js", .version = "1.2"};
  request.subs["news"];
  request.subs["a:b"];
  EXPECT_EQ(
      ConnectBody({"c1", "websocket", "json", "", ""}, request, Payloads::kJson),
      kHead + std::string(R"(,"data":{"a": 1},"name":"js","version":"1.2","channels":["a:b","news"]})"));
  EXPECT_EQ(ConnectBody({"c1", "websocket", "json", "", ""}, {}, Payloads::kJson), kHead + std::string("}"));
}

TEST(Bodies, HaveTheFieldsOfTheirKind) {
  EXPECT_EQ(SubscribeBody(kAsker, {.channel = "news", .data = "[1]"}, Payloads::kJson),
            kHead + std::string(R"(,"user":"u","channel":"news","meta":{"plan":"pro"},"data":[1]})"));
  const protocol::PublishRequest publish{.channel = "news", .data = "1", .type = 0, .key = "k"};
  EXPECT_EQ(PublishBody(kAsker, publish, Payloads::kJson),
            kHead + std::string(R"(,"user":"u","channel":"news","data":1,"meta":{"plan":"pro"}})"));
  EXPECT_EQ(KeyBody(kAsker, publish, Payloads::kJson),
            kHead + std::string(R"(,"user":"u","channel":"news","key":"k","data":1,"meta":{"plan":"pro"}})"));
  EXPECT_EQ(RpcBody(kAsker, "chat:get", "", Payloads::kJson),
            kHead + std::string(R"(,"user":"u","method":"chat:get","meta":{"plan":"pro"}})"));
  EXPECT_EQ(RefreshBody(kAsker, Payloads::kJson),
            kHead + std::string(R"(,"user":"u","meta":{"plan":"pro"}})"));
  EXPECT_EQ(SubRefreshBody({"c1", "websocket", "json", "", ""}, "news", Payloads::kJson),
            kHead + std::string(R"(,"user":"","channel":"news"})"))
      << "the user is there even where it is empty";
}

TEST(Bodies, OfPolledKeysHaveVersionsWhereTheyAreTold) {
  polls::Question question{
      .channel = "votes:x", .proxy = "", .items = {{.key = "a", .version = 7}, {.key = "\"b"}}};
  EXPECT_EQ(PollBody(question), R"({"channel":"votes:x","items":[{"key":"a"},{"key":"\"b"}]})");
  question.versioned = true;
  EXPECT_EQ(PollBody(question),
            R"({"channel":"votes:x","items":[{"key":"a","version":7},{"key":"\"b","version":0}]})");
}

TEST(Bodies, SendBytesAsBase64WhereAsked) {
  EXPECT_EQ(
      RpcBody({"c1", "sse", "protobuf", "u", ""}, "m", "\xff\x01", Payloads::kBase64),
      R"({"client":"c1","transport":"sse","protocol":"protobuf","encoding":"binary","user":"u","method":"m",)"
      R"("b64data":"/wE="})");
  EXPECT_EQ(RpcBody(kAsker, "m", "\xff\x01", Payloads::kJson).error().code, Errc::kInvalidArgument);
}

TEST(HeadersOf, PassesOnWhatIsListedAndTheConnectionsOwnFirst) {
  const HeaderNames names{.handshake = {"cookie", "authorization"}, .connect = {"authorization", "x-app"}};
  const HeaderList fixed = {{"X-Key", "k"}, {"cookie", "static"}};
  EXPECT_EQ(
      HeadersOf(fixed, names, {{"Cookie", "a=1"}, {"Cookie", "b=2"}, {"X-App", "forged?"}, {"Origin", "x"}},
                {{"Authorization", "Bearer 1"}, {"X-App", "1"}, {"X-Key", "mine"}, {"cookie", "c=3"}}),
      (HeaderList{{"Content-Type", "application/json"},
                  {"X-Key", "k"},
                  {"Cookie", "a=1"},
                  {"Cookie", "b=2"},
                  {"Authorization", "Bearer 1"},
                  {"X-App", "1"}}));
  EXPECT_EQ(HeadersOf({}, names, {{"Authorization", "Bearer 2"}}, {{"authorization", "Bearer 1"}}),
            (HeaderList{{"Content-Type", "application/json"}, {"Authorization", "Bearer 2"}}));
}

}  // namespace
}  // namespace tidemill::proxies
