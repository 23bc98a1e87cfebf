// Frames recorded from the reference server, byte for byte (its version, tokens and ids as recorded).
#include <gtest/gtest.h>

#include <span>

#include "base/hex.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/testing/presence_of.h"

namespace tidemill::protocol {
namespace {

constexpr const char* kClient = "d9534349-81cf-44a5-b36b-73a76d7fc17d";
constexpr const char* kVersion = "0.0.0 OSS";

PublicationPtr Pub(Publication publication) {
  return std::make_shared<const Publication>(std::move(publication));
}

ErrorReply ErrorOf(std::uint32_t code, std::string message) {
  return {.code = code, .message = std::move(message)};
}

struct ReplyCase {
  Reply reply;
  const char* want;
};

void ExpectReplies(std::span<const ReplyCase> cases) {
  for (const ReplyCase& c : cases) {
    SCOPED_TRACE(c.want);
    std::string out;
    AppendReply(Encoding::kJson, c.reply, out);
    EXPECT_EQ(out, c.want);
  }
}

TEST(JsonGolden, ConnectReplies) {
  const ReplyCase cases[] = {
      {{1, ConnectResult{.client = kClient, .version = kVersion, .ping = 3, .pong = true}},
       R"({"id":1,"connect":{"client":"d9534349-81cf-44a5-b36b-73a76d7fc17d","version":"0.0.0 OSS",)"
       R"("ping":3,"pong":true}})"},
      {{1, ConnectResult{.client = "3be85333-77c0-43bd-a302-1a82f6ce503e",
                         .version = kVersion,
                         .expires = true,
                         .ttl = 100,
                         .ping = 25,
                         .pong = true}},
       R"({"id":1,"connect":{"client":"3be85333-77c0-43bd-a302-1a82f6ce503e","version":"0.0.0 OSS",)"
       R"("expires":true,"ttl":100,"ping":25,"pong":true}})"},
      {{1,
        ConnectResult{
            .client = "fb2f770e-d8d0-44f0-9cf1-0a6c9a0f1f3f",
            .version = kVersion,
            .expires = true,
            .ttl = 100,
            .subs = {{"a", {.recoverable = true, .epoch = "vqrmcYKK", .offset = 1, .positioned = true}}},
            .ping = 3,
            .pong = true}},
       R"({"id":1,"connect":{"client":"fb2f770e-d8d0-44f0-9cf1-0a6c9a0f1f3f","version":"0.0.0 OSS",)"
       R"("expires":true,"ttl":100,"subs":{"a":{"recoverable":true,"epoch":"vqrmcYKK","offset":1,)"
       R"("positioned":true}},"ping":3,"pong":true}})"},
      {{1, ConnectResult{.client = "621c2b4d-69ef-453f-b468-5edffe676153",
                         .version = kVersion,
                         .subs = {{"a", {.recoverable = true, .epoch = "qMCTvChv", .positioned = true}}},
                         .ping = 25,
                         .pong = true}},
       R"({"id":1,"connect":{"client":"621c2b4d-69ef-453f-b468-5edffe676153","version":"0.0.0 OSS",)"
       R"("subs":{"a":{"recoverable":true,"epoch":"qMCTvChv","positioned":true}},"ping":25,"pong":true}})"},
      {{1, ConnectResult{.client = "2275ef59-ed84-4dad-9218-b06a1c443e74",
                         .version = kVersion,
                         .subs = {{"plain:z", {}},
                                  {"a", {.recoverable = true, .epoch = "qMCTvChv", .positioned = true}}},
                         .ping = 25,
                         .pong = true}},
       R"({"id":1,"connect":{"client":"2275ef59-ed84-4dad-9218-b06a1c443e74","version":"0.0.0 OSS",)"
       R"("subs":{"plain:z":{},"a":{"recoverable":true,"epoch":"qMCTvChv","positioned":true}},"ping":25,)"
       R"("pong":true}})"},
      {{1, ConnectResult{.client = "7168b0b7-6b91-4218-8b9f-814ac5d3b807",
                         .version = kVersion,
                         .ping = 3,
                         .pong = true,
                         .session = "f385ee7f-66ab-4eb3-b6c3-3d248dd55aac",
                         .node = "c53dda10-7a08-48a2-bf58-1f42e0ba095a"}},
       R"({"id":1,"connect":{"client":"7168b0b7-6b91-4218-8b9f-814ac5d3b807","version":"0.0.0 OSS",)"
       R"("ping":3,"pong":true,"session":"f385ee7f-66ab-4eb3-b6c3-3d248dd55aac",)"
       R"("node":"c53dda10-7a08-48a2-bf58-1f42e0ba095a"}})"},
  };
  ExpectReplies(cases);
}

TEST(JsonGolden, ErrorReplies) {
  const ReplyCase cases[] = {
      {{1, ErrorOf(109, "token expired")}, R"({"id":1,"error":{"code":109,"message":"token expired"}})"},
      {{2, ErrorOf(102, "unknown channel")},
       R"({"id":2,"error":{"code":102,)"
       R"("message":"unknown channel"}})"},
      {{3, ErrorOf(103, "permission denied")},
       R"({"id":3,"error":{"code":103,"message":"permission denied"}})"},
      {{5, ErrorOf(105, "already subscribed")},
       R"({"id":5,"error":{"code":105,"message":"already subscribed"}})"},
      {{7, ErrorOf(108, "not available")}, R"({"id":7,"error":{"code":108,"message":"not available"}})"},
      {{8, ErrorOf(112, "unrecoverable position")},
       R"({"id":8,"error":{"code":112,"message":"unrecoverable position"}})"},
      {{10, ErrorOf(107, "bad request")}, R"({"id":10,"error":{"code":107,"message":"bad request"}})"},
      {{4, ErrorReply{.code = 100, .message = "internal server error", .temporary = true}},
       R"({"id":4,"error":{"code":100,"message":"internal server error","temporary":true}})"},
  };
  ExpectReplies(cases);
}

TEST(JsonGolden, SubscribeReplies) {
  const ReplyCase cases[] = {
      {{2, SubscribeResult{}}, R"({"id":2,"subscribe":{}})"},
      {{2, SubscribeResult{.recoverable = true, .epoch = "vqrmcYKK", .positioned = true}},
       R"({"id":2,"subscribe":{"recoverable":true,"epoch":"vqrmcYKK","positioned":true}})"},
      {{2, SubscribeResult{.recoverable = true, .epoch = "EMzVhefp", .offset = 1, .positioned = true}},
       R"({"id":2,"subscribe":{"recoverable":true,"epoch":"EMzVhefp","offset":1,"positioned":true}})"},
      {{2, SubscribeResult{.expires = true, .ttl = 60}},
       R"({"id":2,"subscribe":{"expires":true,)"
       R"("ttl":60}})"},
      {{2, SubscribeResult{.recoverable = true,
                           .epoch = "IsfAQSoO",
                           .publications = {Pub({.data = R"({"n":2})", .offset = 2})},
                           .recovered = true,
                           .offset = 1,
                           .positioned = true,
                           .was_recovering = true}},
       R"({"id":2,"subscribe":{"recoverable":true,"epoch":"IsfAQSoO","publications":[{"data":{"n":2},)"
       R"("offset":2}],"recovered":true,"offset":1,"positioned":true,"was_recovering":true}})"},
      {{2, SubscribeResult{.recoverable = true,
                           .epoch = "IsfAQSoO",
                           .recovered = true,
                           .offset = 2,
                           .positioned = true,
                           .was_recovering = true}},
       R"({"id":2,"subscribe":{"recoverable":true,"epoch":"IsfAQSoO","recovered":true,"offset":2,)"
       R"("positioned":true,"was_recovering":true}})"},
      {{2, SubscribeResult{.recoverable = true,
                           .epoch = "IsfAQSoO",
                           .offset = 9,
                           .positioned = true,
                           .was_recovering = true}},
       R"({"id":2,"subscribe":{"recoverable":true,"epoch":"IsfAQSoO","offset":9,"positioned":true,)"
       R"("was_recovering":true}})"},
      {{2, SubscribeResult{.recoverable = true,
                           .epoch = "IsfAQSoO",
                           .publications = {Pub({.data = R"({"n":1})", .offset = 1}),
                                            Pub({.data = R"({"n":2})", .offset = 2})},
                           .recovered = true,
                           .positioned = true,
                           .was_recovering = true}},
       R"({"id":2,"subscribe":{"recoverable":true,"epoch":"IsfAQSoO","publications":[{"data":{"n":1},)"
       R"("offset":1},{"data":{"n":2},"offset":2}],"recovered":true,"positioned":true,)"
       R"("was_recovering":true}})"},
      {{4, SubscribeResult{.recoverable = true,
                           .epoch = "EMzVhefp",
                           .publications = {Pub({.data = R"({"v":1})", .offset = 1})},
                           .recovered = true,
                           .positioned = true,
                           .was_recovering = true}},
       R"({"id":4,"subscribe":{"recoverable":true,"epoch":"EMzVhefp","publications":[{"data":{"v":1},)"
       R"("offset":1}],"recovered":true,"positioned":true,"was_recovering":true}})"},
  };
  ExpectReplies(cases);
}

TEST(JsonGolden, OtherReplies) {
  const ClientInfo info{.client = kClient};
  const ReplyCase cases[] = {
      {{9, UnsubscribeResult{}}, R"({"id":9,"unsubscribe":{}})"},
      {{3, PublishResult{}}, R"({"id":3,"publish":{}})"},
      {{4, PresenceOf(Encoding::kJson, {info})},
       R"({"id":4,"presence":{"presence":{"d9534349-81cf-44a5-b36b-73a76d7fc17d":{"user":"",)"
       R"("client":"d9534349-81cf-44a5-b36b-73a76d7fc17d"}}}})"},
      {{4, PresenceOf(Encoding::kJson, {info, {.user = "u", .client = "c"}})},
       R"({"id":4,"presence":{"presence":{"d9534349-81cf-44a5-b36b-73a76d7fc17d":{"user":"",)"
       R"("client":"d9534349-81cf-44a5-b36b-73a76d7fc17d"},"c":{"user":"u","client":"c"}}}})"},
      {{4, PresenceOf(Encoding::kJson, {})}, R"({"id":4,"presence":{"presence":{}}})"},
      {{5, PresenceStatsResult{.num_clients = 1, .num_users = 1}},
       R"({"id":5,"presence_stats":{"num_clients":1,"num_users":1}})"},
      {{5, PresenceStatsResult{}}, R"({"id":5,"presence_stats":{"num_clients":0,"num_users":0}})"},
      {{6, HistoryResult{.epoch = "vqrmcYKK", .offset = 1}},
       R"({"id":6,"history":{"publications":[],"epoch":"vqrmcYKK","offset":1}})"},
      {{6, HistoryResult{}}, R"({"id":6,"history":{"publications":[],"epoch":"","offset":0}})"},
      {{7, HistoryResult{.publications = {Pub({.data = R"({"x":1})", .info = info, .offset = 1})},
                         .epoch = "vqrmcYKK",
                         .offset = 1}},
       R"({"id":7,"history":{"publications":[{"data":{"x":1},"info":{"user":"",)"
       R"("client":"d9534349-81cf-44a5-b36b-73a76d7fc17d"},"offset":1}],"epoch":"vqrmcYKK","offset":1}})"},
      {{2, RefreshResult{.expires = true, .ttl = 200}}, R"({"id":2,"refresh":{"expires":true,"ttl":200}})"},
      {{3, SubRefreshResult{.expires = true, .ttl = 90}},
       R"({"id":3,"sub_refresh":{"expires":true,"ttl":90}})"},
      {{4, SubRefreshResult{}}, R"({"id":4,"sub_refresh":{}})"},
      {{8, RpcResult{.data = R"({"ok":true})"}}, R"({"id":8,"rpc":{"data":{"ok":true}}})"},
  };
  ExpectReplies(cases);
}

TEST(JsonGolden, Pushes) {
  const ClientInfo bob{
      .user = "bob", .client = "fd6ebbad-4b35-493b-936f-5a0002473208", .conn_info = R"({"a":1})"};
  struct Case {
    Push push;
    const char* want;
  };
  const Case cases[] = {
      {{"a", JoinPush{{.client = kClient}}},
       R"({"push":{"channel":"a","join":{"info":{"user":"",)"
       R"("client":"d9534349-81cf-44a5-b36b-73a76d7fc17d"}}}})"},
      {{"jl", JoinPush{bob}},
       R"({"push":{"channel":"jl","join":{"info":{"user":"bob",)"
       R"("client":"fd6ebbad-4b35-493b-936f-5a0002473208","conn_info":{"a":1}}}}})"},
      {{"jl", LeavePush{bob}},
       R"({"push":{"channel":"jl","leave":{"info":{"user":"bob",)"
       R"("client":"fd6ebbad-4b35-493b-936f-5a0002473208","conn_info":{"a":1}}}}})"},
      {{"a",
        Pub({.data = R"({"x":1})", .info = ClientInfo{.client = kClient}, .offset = 1, .epoch = "vqrmcYKK"})},
       R"({"push":{"channel":"a","pub":{"data":{"x":1},"info":{"user":"",)"
       R"("client":"d9534349-81cf-44a5-b36b-73a76d7fc17d"},"offset":1,"epoch":"vqrmcYKK"}}})"},
      {{"plain:f", Pub({.data = R"({"n":1})", .tags = {{"t", "1"}}})},
       R"({"push":{"channel":"plain:f","pub":{"data":{"n":1},"tags":{"t":"1"}}}})"},
      {{"plain:s", Pub({.data = R"({"n":1})"})},
       R"({"push":{"channel":"plain:s",)"
       R"("pub":{"data":{"n":1}}}})"},
      {{"a", Pub({.data = R"({"q":1})", .offset = 3})},
       R"({"push":{"channel":"a","pub":{"data":{"q":1},"offset":3}}})"},
      {{"plain:s", SubscribePush{}}, R"({"push":{"channel":"plain:s","subscribe":{}}})"},
      {{"a", SubscribePush{.recoverable = true, .epoch = "vqrmcYKK", .offset = 1, .positioned = true}},
       R"({"push":{"channel":"a","subscribe":{"recoverable":true,"epoch":"vqrmcYKK","offset":1,)"
       R"("positioned":true}}})"},
      {{"plain:s", UnsubscribePush{.code = 2000, .reason = "server unsubscribe"}},
       R"({"push":{"channel":"plain:s","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"},
      {{"", UnsubscribePush{.code = 2000, .reason = "server unsubscribe"}},
       R"({"push":{"unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"},
      {{"", RefreshPush{.expires = true, .ttl = 50}}, R"({"push":{"refresh":{"expires":true,"ttl":50}}})"},
      {{"", DisconnectPush{.code = 3012, .reason = "no pong"}},
       R"({"push":{"disconnect":{"code":3012,"reason":"no pong"}}})"},
      {{"", MessagePush{.data = "[1]"}}, R"({"push":{"message":{"data":[1]}}})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    std::string out;
    AppendPush(Encoding::kJson, c.push, out);
    EXPECT_EQ(out, c.want);
  }
  std::string ping;
  AppendPing(Encoding::kJson, ping);
  EXPECT_EQ(ping, "{}");
}

TEST(ProtobufGolden, RepliesAndPushes) {
  const std::string client = "2907068c-01e1-4cf9-91a1-5c1376162007";
  std::string out;
  AppendReply(Encoding::kProtobuf,
              {1, ConnectResult{.client = client, .version = kVersion, .ping = 3, .pong = true}}, out);
  EXPECT_EQ(HexEncode(out),
            "3908012a350a2432393037303638632d303165312d346366392d393161312d3563313337363136323030371209302e30"
            "2e30204f"
            "535338034001");

  out.clear();
  AppendReply(Encoding::kProtobuf,
              {2, SubscribeResult{.recoverable = true, .epoch = "UzXQIXrv", .positioned = true}}, out);
  EXPECT_EQ(HexEncode(out), "120802320e18013208557a5851495872765001");

  out.clear();
  AppendPush(Encoding::kProtobuf, {"a.b", JoinPush{{.client = client}}}, out);
  EXPECT_EQ(
      HexEncode(out),
      "312"
      "22f1203612e622a280a26122432393037303638632d303165312d346366392d393161312d356331333736313632303037");

  out.clear();
  AppendPing(Encoding::kProtobuf, out);
  EXPECT_EQ(HexEncode(out), "00");
}

// As the codec of the reference server encodes them (its Go module, version 0.23.1).
TEST(Golden, Maps) {
  Publication first{.data = R"({"n":1})", .offset = 1, .key = "a", .score = -7};
  Publication second{.data = "2", .offset = 2, .key = "b", .score = 300};
  Publication removal{.offset = 7, .tags = {{"t", "v"}}, .key = "a", .removed = true};
  struct Case {
    Reply reply;
    const char* json;
    const char* protobuf;  // without the length in front
  };
  const Case cases[] = {
      {{2, SubscribeResult{.epoch = "vqrmcYKK",
                           .offset = 5,
                           .type = 1,
                           .phase = 2,
                           .cursor = "b",
                           .state = {Pub(first), Pub(second)}}},
       R"({"id":2,"subscribe":{"epoch":"vqrmcYKK","offset":5,"type":1,"phase":2,"cursor":"b","state":[)"
       R"({"data":{"n":1},"offset":1,"key":"a","score":-7},{"data":2,"offset":2,"key":"b","score":300}]}})",
       "0802323632087671726d63594b4b480578018001028a01016292011022077b226e223a317d30015a0161680d92010b2201"
       "3230025a016268d804"},
      {{3, SubscribeResult{.recoverable = true,
                           .epoch = "vqrmcYKK",
                           .publications = {Pub(removal)},
                           .recovered = true,
                           .offset = 7,
                           .was_recovering = true,
                           .type = 1}},
       R"({"id":3,"subscribe":{"recoverable":true,"epoch":"vqrmcYKK","publications":[{"offset":7,)"
       R"("tags":{"t":"v"},"key":"a","removed":true}],"recovered":true,"offset":7,"was_recovering":true,)"
       R"("type":1}})",
       "08033225180132087671726d63594b4b3a0f30073a060a01741201765a016160014001480760017801"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.json);
    std::string out;
    AppendReply(Encoding::kJson, c.reply, out);
    EXPECT_EQ(out, c.json);
    out.clear();
    AppendReply(Encoding::kProtobuf, c.reply, out);
    EXPECT_EQ(HexEncode(out).substr(2), c.protobuf);
  }
  std::string push;
  const ClientInfo info{.user = "u", .client = "c"};
  AppendPush(Encoding::kProtobuf, {"scores:a", Pub({.data = "1", .info = info, .offset = 8, .key = "k"})},
             push);
  EXPECT_EQ(HexEncode(push).substr(2), "221c120873636f7265733a6122102201312a060a017512016330085a016b");

  const auto command =
      HexDecode("2b08042a270a0873636f7265733a6132087671726d63594b4b3805700178018001028a010162900132980101");
  ASSERT_TRUE(command);
  CommandReader reader(Encoding::kProtobuf, *command);
  const auto read = reader.Next();
  ASSERT_TRUE(read && *read);
  const auto& subscribe = std::get<SubscribeRequest>((*read)->request);
  EXPECT_EQ(subscribe.channel, "scores:a");
  EXPECT_EQ(subscribe.type, 1);
  EXPECT_EQ(subscribe.phase, 2);
  EXPECT_EQ(subscribe.cursor, "b");
  EXPECT_EQ(subscribe.limit, 50);
  EXPECT_TRUE(subscribe.asc);
  EXPECT_EQ(subscribe.offset, 5u);
}

// To a client that only listens.
TEST(JsonGolden, BarePushes) {
  const char* const client = "c8412113-da0b-4fd9-b3c5-74d7e5ee35e6";
  struct Case {
    Push push;
    const char* want;
  };
  const Case cases[] = {
      {{"a", JoinPush{{.client = client}}},
       R"({"channel":"a","join":{"info":{"user":"","client":"c8412113-da0b-4fd9-b3c5-74d7e5ee35e6"}}})"},
      {{"a", Pub({.data = R"({"z":1})", .offset = 2})},
       R"({"channel":"a","pub":{"data":{"z":1},"offset":2}})"},
      {{"", DisconnectPush{3012, "no pong"}}, R"({"disconnect":{"code":3012,"reason":"no pong"}})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    std::string out;
    AppendPush(Encoding::kJson, c.push, out, Direction::kUnidirectional);
    EXPECT_EQ(out, c.want);
  }
}

TEST(JsonGolden, CommandsOfTheTranscript) {
  struct Case {
    const char* frame;
    std::uint32_t id;
    std::size_t request;  // index in Command::request
  };
  const Case cases[] = {
      {R"({"id":1,"connect":{}})", 1, 1},
      {R"({"id":2,"subscribe":{"channel":"a"}})", 2, 2},
      {R"({"id":9,"unsubscribe":{"channel":"never"}})", 9, 3},
      {R"({"id":3,"publish":{"channel":"a","data":{"x":1}}})", 3, 4},
      {R"({"id":4,"presence":{"channel":"a"}})", 4, 5},
      {R"({"id":5,"presence_stats":{"channel":"a"}})", 5, 6},
      {R"({"id":8,"history":{"channel":"a","limit":10,"since":{"offset":0,"epoch":"bad"}}})", 8, 7},
      {R"({"id":9,"ping":{}})", 9, 8},
      {R"({"id":3,"send":{"data":{"a":1}}})", 3, 9},
      {R"({"id":4,"rpc":{"method":"m","data":{}}})", 4, 10},
      {R"({"rpc":{"method":"m"}})", 0, 10},
      {R"({"id":2,"refresh":{"token":"t"}})", 2, 11},
      {R"({"id":5,"sub_refresh":{"channel":"other","token":"x"}})", 5, 12},
      {R"({"id":2,"foo":{}})", 2, 0},
      {R"({})", 0, 0},
      {R"({"connect":{}})", 0, 1},
      {R"({"id":2,"subscribe":{"channel":"plain:f","tf":{"key":"t","cmp":"eq","val":"1"}}})", 2, 2},
      {R"({"id":8,"subscribe":{"channel":"plain:e","recover":true,"positioned":true,)"
       R"("recoverable":true}})",
       8, 2},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.frame);
    CommandReader reader(Encoding::kJson, c.frame);
    const auto command = reader.Next();
    ASSERT_TRUE(command.has_value() && command->has_value());
    EXPECT_EQ((*command)->id, c.id);
    EXPECT_EQ((*command)->request.index(), c.request);
    EXPECT_FALSE(reader.Next()->has_value());
  }
}

}  // namespace
}  // namespace tidemill::protocol
