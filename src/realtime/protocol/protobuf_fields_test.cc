// Every field of every reply and push under its number, with bytes put together by hand from client.proto.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "realtime/protocol/codec.h"
#include "realtime/protocol/testing/presence_of.h"

namespace tidemill::protocol {
namespace {

// Blanks between the digits are for the reader.
std::string HexToBytes(std::string hex) {
  std::erase(hex, ' ');
  return HexDecode(hex).value();
}

PublicationPtr Pub(Publication publication) {
  return std::make_shared<const Publication>(std::move(publication));
}

TEST(ProtobufFields, OfReplies) {
  const ClientInfo info{.user = "u", .client = "c", .conn_info = "i", .chan_info = "k"};
  const Publication publication{
      .data = "x", .info = ClientInfo{.user = "u"}, .offset = 3, .tags = {{"a", "1"}}, .epoch = "e"};
  struct Case {
    Reply reply;
    const char* want;
  };
  const Case cases[] = {
      {{1, ErrorReply{100, "e", true}}, "0b 0801 1207 0864 120165 1801"},
      {{1, ConnectResult{.client = "c",
                         .version = "v",
                         .expires = true,
                         .ttl = 5,
                         .data = "d",
                         .subs = {{"a", {}}},
                         .ping = 25,
                         .pong = true,
                         .session = "s",
                         .node = "n",
                         .time = 1}},
       "24 0801 2a20 0a0163 120176 1801 2005 2a0164 3205 0a0161 1200 3819 4001 4a0173 52016e 5801"},
      {{1, SubscribeResult{.expires = true,
                           .ttl = 5,
                           .recoverable = true,
                           .epoch = "e",
                           .publications = {Pub({.data = "x"})},
                           .recovered = true,
                           .offset = 7,
                           .positioned = true,
                           .data = "d",
                           .was_recovering = true}},
       "1d 0801 3219 0801 1005 1801 320165 3a03 220178 4001 4807 5001 5a0164 6001"},
      {{1, UnsubscribeResult{}}, "04 0801 3a00"},
      {{1, PublishResult{}}, "04 0801 4200"},
      {{1, PresenceOf(Encoding::kProtobuf, {info})},
       "17 0801 4a13 0a11 0a0163 120c 0a0175 120163 1a0169 22016b"},
      {{1, PresenceOf(Encoding::kProtobuf, {info, {.client = "d"}})},
       "21 0801 4a1d 0a11 0a0163 120c 0a0175 120163 1a0169 22016b 0a08 0a0164 1203 120164"},
      {{1, PresenceOf(Encoding::kProtobuf, {})}, "04 0801 4a00"},
      {{1, PresenceStatsResult{2, 1}}, "08 0801 5204 0802 1001"},
      {{1, HistoryResult{{Pub(publication)}, "e", 3}},
       "20 0801 5a1c 0a15 220178 2a03 0a0175 3003 3a06 0a0161 120131 720165 120165 1803"},
      {{1, RpcResult{"d"}}, "07 0801 6a03 0a0164"},
      {{1, RefreshResult{"c", "v", true, 5}}, "0e 0801 720a 0a0163 120176 1801 2005"},
      {{1, SubRefreshResult{true, 5}}, "08 0801 7a04 0801 1005"},
      {{1, SubRefreshResult{.items = {Pub({.data = "1", .key = "a", .version = 7})}}},
       "0f08017a0b1a092201315a0161800107"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    std::string out;
    AppendReply(Encoding::kProtobuf, c.reply, out);
    EXPECT_EQ(HexEncode(out), HexEncode(HexToBytes(c.want)));
  }
}

TEST(ProtobufFields, OfPushes) {
  struct Case {
    Push push;
    const char* want;
  };
  const Case cases[] = {
      {{"c", Pub({.data = "x"})}, "0a 2208 120163 2203 220178"},
      {{"c", JoinPush{{.user = "u"}}}, "0c 220a 120163 2a05 0a03 0a0175"},
      {{"c", LeavePush{{.user = "u"}}}, "0c 220a 120163 3205 0a03 0a0175"},
      {{"c", UnsubscribePush{2000, "r"}}, "0d 220b 120163 3a06 10d00f 1a0172"},
      {{"c", MessagePush{"d"}}, "0a 2208 120163 4203 0a0164"},
      {{"c", SubscribePush{true, "e", 7, true, "d"}}, "13 2211 120163 4a0c 0801 220165 2807 3001 3a0164"},
      {{"", DisconnectPush{3012, "r", true}}, "0c 220a 5a08 08c417 120172 1801"},
      {{"", RefreshPush{true, 5}}, "08 2206 6204 0801 1005"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    std::string out;
    AppendPush(Encoding::kProtobuf, c.push, out);
    EXPECT_EQ(HexEncode(out), HexEncode(HexToBytes(c.want)));
  }
}

}  // namespace
}  // namespace tidemill::protocol
