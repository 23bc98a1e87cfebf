#include "realtime/protocol/codec.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "base/json.h"
#include "realtime/protocol/testing/presence_of.h"

namespace tidemill::protocol {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

// Blanks between the digits are for the reader.
std::string HexToBytes(std::string hex) {
  std::erase(hex, ' ');
  return HexDecode(hex).value();
}

// The one command of a JSON frame; a test failure if there is none.
Command JsonCommand(std::string_view text) {
  CommandReader reader(Encoding::kJson, text);
  Result<std::optional<Command>> command = reader.Next();
  EXPECT_TRUE(command.has_value()) << text << (command ? "" : ": " + command.error().detail);
  if (!command || !*command) return {};
  return **std::move(command);
}

Command ProtobufCommand(const std::string& hex) {
  const std::string frame = HexToBytes(hex);
  CommandReader reader(Encoding::kProtobuf, frame);
  Result<std::optional<Command>> command = reader.Next();
  EXPECT_TRUE(command.has_value()) << hex << (command ? "" : ": " + command.error().detail);
  if (!command || !*command) return {};
  return **std::move(command);
}

bool Refuses(Encoding encoding, std::string_view frame) {
  CommandReader reader(encoding, frame);
  for (;;) {
    const Result<std::optional<Command>> command = reader.Next();
    if (!command) {
      EXPECT_EQ(command.error().code, Errc::kInvalidArgument);
      EXPECT_TRUE(command.error().detail.contains("byte ")) << command.error().detail;
      // Nothing can be read after an error.
      EXPECT_FALSE(reader.Next()->has_value());
      return true;
    }
    if (!*command) return false;
  }
}

TEST(JsonCommands, FieldsOfEachRequest) {
  const auto connect = std::get<ConnectRequest>(
      JsonCommand(
          R"({"id":7,"connect":{"token":"t","data":{"a": 1},"name":"js","version":"1","flag":1,"dict":"d",)"
          R"("profile":"p","headers":{"X-A":"1","X-B":"\u0032"},)"
          R"("subs":{"a":{"recover":true,"epoch":"e","offset":5},"b":{}}}})")
          .request);
  EXPECT_EQ(connect.token, "t");
  EXPECT_EQ(connect.data, R"({"a": 1})");
  EXPECT_EQ(connect.name, "js");
  EXPECT_EQ(connect.version, "1");
  EXPECT_EQ(connect.headers, (std::map<std::string, std::string>{{"X-A", "1"}, {"X-B", "2"}}));
  ASSERT_EQ(connect.subs.size(), 2u);
  EXPECT_TRUE(connect.subs.at("a").recover);
  EXPECT_EQ(connect.subs.at("a").epoch, "e");
  EXPECT_EQ(connect.subs.at("a").offset, 5u);
  EXPECT_FALSE(connect.subs.at("b").recover);

  const auto subscribe = std::get<SubscribeRequest>(
      JsonCommand(R"({"id":7,"subscribe":{"channel":"c","token":"t","recover":true,"epoch":"e",)"
                  R"("offset":18446744073709551615,"data":null,"positioned":true,"recoverable":true,)"
                  R"("join_leave":true,)"
                  R"("delta":"fossil","tf":{"key":"k"},"flag":3,"type":-1,"phase":2,"cursor":"x",)"
                  R"("limit":5,)"
                  R"("asc":true}})")
          .request);
  EXPECT_EQ(subscribe.channel, "c");
  EXPECT_EQ(subscribe.token, "t");
  EXPECT_TRUE(subscribe.recover);
  EXPECT_EQ(subscribe.epoch, "e");
  EXPECT_EQ(subscribe.offset, 18446744073709551615u);
  EXPECT_EQ(subscribe.data, "null");
  EXPECT_TRUE(subscribe.positioned);
  EXPECT_TRUE(subscribe.recoverable);
  EXPECT_TRUE(subscribe.join_leave);
  EXPECT_EQ(subscribe.delta, "fossil");
  EXPECT_TRUE(subscribe.tf.has_value());
  EXPECT_EQ(subscribe.flag, 3);
  EXPECT_EQ(subscribe.type, -1);

  const auto publish = std::get<PublishRequest>(
      JsonCommand(R"({"publish":{"channel":"c","data":"x","type":1,"key":"k","removed":true}})").request);
  EXPECT_EQ(publish.channel, "c");
  EXPECT_EQ(publish.data, "\"x\"");
  EXPECT_EQ(publish.type, 1);
  EXPECT_EQ(publish.key, "k");
  EXPECT_TRUE(publish.removed);

  const auto history = std::get<HistoryRequest>(
      JsonCommand(R"({"history":{"channel":"c","limit":-1,"since":{"offset":3,"epoch":"e"},)"
                  R"("reverse":true}})")
          .request);
  EXPECT_EQ(history.limit, -1);
  EXPECT_EQ(history.since, (StreamPosition{3, "e"}));
  EXPECT_TRUE(history.reverse);

  EXPECT_EQ(std::get<SendRequest>(JsonCommand(R"({"send":{"data":[1, 2]}})").request).data, "[1, 2]");
  const auto rpc = std::get<RpcRequest>(JsonCommand(R"({"rpc":{"data":1,"method":"m"}})").request);
  EXPECT_EQ(rpc.data, "1");
  EXPECT_EQ(rpc.method, "m");
  const auto sub_refresh = std::get<SubRefreshRequest>(
      JsonCommand(R"({"sub_refresh":{"channel":"c","token":"t","type":2,"track":[{}],"untrack":["k"]}})")
          .request);
  EXPECT_EQ(sub_refresh.channel, "c");
  EXPECT_EQ(sub_refresh.token, "t");
  EXPECT_EQ(sub_refresh.type, 2);
}

TEST(JsonCommands, TrackKeys) {
  const auto request = std::get<SubRefreshRequest>(
      JsonCommand(R"({"sub_refresh":{"channel":"c","type":1,"track":[)"
                  R"({"signature":"s","items":[{"key":"a","version":7},{"key":"b"}]},{"items":null}],)"
                  R"("untrack":["x","y"]}})")
          .request);
  ASSERT_EQ(request.track.size(), 2u);
  EXPECT_EQ(request.track[0].signature, "s");
  ASSERT_EQ(request.track[0].items.size(), 2u);
  EXPECT_EQ(request.track[0].items[0].key, "a");
  EXPECT_EQ(request.track[0].items[0].version, 7u);
  EXPECT_EQ(request.track[0].items[1].version, 0u);
  EXPECT_TRUE(request.track[1].items.empty());
  EXPECT_EQ(request.untrack, (std::vector<std::string>{"x", "y"}));
}

TEST(JsonCommands, NullIsAbsent) {
  const Command command = JsonCommand(
      R"({"id":null,"publish":null,"subscribe":{"channel":null,"offset":null,"recover":null,"tf":null,)"
      R"("delta":null}})");
  EXPECT_EQ(command.id, 0u);
  const auto& subscribe = std::get<SubscribeRequest>(command.request);
  EXPECT_EQ(subscribe.channel, "");
  EXPECT_FALSE(subscribe.tf.has_value());
  EXPECT_FALSE(
      std::get<HistoryRequest>(JsonCommand(R"({"history":{"since":null}})").request).since.has_value());
  EXPECT_TRUE(
      std::get<ConnectRequest>(JsonCommand(R"({"connect":{"subs":{"a":null},"headers":null}})").request)
          .subs.empty());
}

TEST(JsonCommands, NullIsAValueOfAPayload) {
  EXPECT_EQ(std::get<PublishRequest>(JsonCommand(R"({"publish":{"channel":"a","data":null}})").request).data,
            "null");
  EXPECT_EQ(
      std::get<PublishRequest>(JsonCommand(R"({"publish":{"data": null ,"channel":"a"}})").request).channel,
      "a");
  EXPECT_EQ(std::get<RpcRequest>(JsonCommand(R"({"rpc":{"data":null,"method":null}})").request).data, "null");
  EXPECT_EQ(std::get<SendRequest>(JsonCommand(R"({"send":{"data":1,"data":null}})").request).data, "null");
  EXPECT_TRUE(Refuses(Encoding::kJson, R"({"publish":{"data":nul}})"));
}

TEST(JsonCommands, LastOfTheSameKeyWins) {
  const Command command = JsonCommand(
      R"({"id":1,"id":2,"publish":{"channel":"a","key":"k"},"publish":{"channel":"b","channel":"c"}})");
  EXPECT_EQ(command.id, 2u);
  EXPECT_EQ(std::get<PublishRequest>(command.request).channel, "c");
  EXPECT_EQ(std::get<PublishRequest>(command.request).key, "");
}

TEST(JsonCommands, KeysMayBeEscapedAndAreCaseSensitive) {
  const Command command =
      JsonCommand(R"({"\u0069d":3,"\u0070ublish":{"\u0063hannel":"a","\u0064ata":{"\u0078":1}}})");
  EXPECT_EQ(command.id, 3u);
  EXPECT_EQ(std::get<PublishRequest>(command.request).channel, "a");
  EXPECT_EQ(std::get<PublishRequest>(command.request).data, R"({"\u0078":1})");
  EXPECT_EQ(JsonCommand(R"({"ID":3,"Publish":{"channel":"a"}})").request.index(), 0u);
}

TEST(JsonCommands, RefusesWrongTypesAndRanges) {
  const char* const frames[] = {
      R"({"id":"1"})",
      R"({"id":1.0})",
      R"({"id":1e2})",
      R"({"id":-1})",
      R"({"id":4294967296})",
      R"({"id":true})",
      R"({"id":{}})",
      R"([])",
      R"("x")",
      R"(1)",
      R"(null)",
      R"({"connect":[]})",
      R"({"connect":1})",
      R"({"publish":"x"})",
      R"({"publish":{"channel":1}})",
      R"({"publish":{"channel":["a"]}})",
      R"({"publish":{"type":2147483648}})",
      R"({"publish":{"removed":1}})",
      R"({"publish":{"removed":"true"}})",
      R"({"subscribe":{"offset":-1}})",
      R"({"subscribe":{"offset":18446744073709551616}})",
      R"({"subscribe":{"recover":0}})",
      R"({"subscribe":{"tf":[]}})",
      R"({"subscribe":{"tf":"x"}})",
      R"({"subscribe":{"flag":9223372036854775808}})",
      R"({"connect":{"subs":[]}})",
      R"({"connect":{"subs":{"a":1}}})",
      R"({"connect":{"headers":{"a":1}}})",
      R"({"history":{"since":[]}})",
      R"({"history":{"limit":1.5}})",
      R"({"publish":{"channel":"\ud800"}})",
      R"({"publish":{"data":boom}})",
      R"({"publish":{"data":}})",
      R"({"publish")",
      "{\"publish\":{\"channel\":\"\xff\"}}",
      "{\"publish\":{\"data\":\"\xff\"}}",
      R"({} {})",
      R"({},{})",
      R"({}})",
      "\xef\xbb\xbf{}",
  };
  for (const char* frame : frames) {
    SCOPED_TRACE(frame);
    EXPECT_TRUE(Refuses(Encoding::kJson, frame));
  }
  EXPECT_TRUE(Refuses(Encoding::kJson, "{}\0"sv));
  EXPECT_TRUE(Refuses(Encoding::kJson, R"({"publish":{"data":)" + std::string(100'000, '[')));
}

TEST(Commands, RefusesTwoRequestsInOneCommand) {
  EXPECT_TRUE(Refuses(Encoding::kJson, R"({"id":1,"publish":{"channel":"a"},"rpc":{}})"));
  EXPECT_TRUE(Refuses(Encoding::kJson, R"({"id":1,"ping":{},"connect":{}})"));
  EXPECT_FALSE(Refuses(Encoding::kJson, R"({"id":1,"publish":{"channel":"a"},"rpc":null})"));
  EXPECT_TRUE(Refuses(Encoding::kProtobuf, HexToBytes("063a006a000801")));
  EXPECT_FALSE(Refuses(Encoding::kProtobuf, HexToBytes("063a003a000801")));
}

TEST(JsonFrames, AreLines) {
  const auto count = [](std::string_view frame) {
    CommandReader reader(Encoding::kJson, frame);
    int commands = 0;
    for (auto command = reader.Next(); command && *command; command = reader.Next()) ++commands;
    return commands;
  };
  EXPECT_EQ(count(""), 0);
  EXPECT_EQ(count("{}"), 1);
  EXPECT_EQ(count("{}\n"), 1);
  EXPECT_EQ(count("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{}}\n{}"), 3);
  EXPECT_EQ(count(" {} \r\n\t{}"), 2);
  EXPECT_TRUE(CommandReader(Encoding::kJson, "").empty());
  EXPECT_FALSE(CommandReader(Encoding::kJson, "{}").empty());

  EXPECT_TRUE(Refuses(Encoding::kJson, "\n"));
  EXPECT_TRUE(Refuses(Encoding::kJson, "{}\n\n"));
  EXPECT_TRUE(Refuses(Encoding::kJson, "{}\n\n{}"));
  EXPECT_TRUE(Refuses(Encoding::kJson, "{\"id\":\n1}"));
  EXPECT_TRUE(Refuses(Encoding::kJson, "   "));
}

TEST(JsonFrames, TellWhichCommandWasBroken) {
  CommandReader reader(Encoding::kJson, "{\"id\":1}\n{\"id\":x}\n{}");
  EXPECT_TRUE(reader.Next()->has_value());
  const auto broken = reader.Next();
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().detail, "command at byte 9, byte 6: expected an integer");
}

TEST(ProtobufCommands, RecordedFrames) {
  const Command connect = ProtobufCommand("0408012200");
  EXPECT_EQ(connect.id, 1u);
  EXPECT_TRUE(std::holds_alternative<ConnectRequest>(connect.request));
  const Command subscribe = ProtobufCommand("0908022a050a03612e62");
  EXPECT_EQ(subscribe.id, 2u);
  EXPECT_EQ(std::get<SubscribeRequest>(subscribe.request).channel, "a.b");
  const Command pong = ProtobufCommand("00");
  EXPECT_EQ(pong.id, 0u);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(pong.request));
}

TEST(ProtobufCommands, FieldsOfEachRequest) {
  // connect{token:"t", data:ff, subs:{"a":{recover,epoch:"e",offset:5}}, name:"n", headers:{"h":"v"}, flag:1}
  const auto connect = std::get<ConnectRequest>(
      ProtobufCommand("23 2221 0a0174 1201ff 1a0c 0a0161 1207 18013201653805 22016e 3206 0a0168 120176 3801")
          .request);
  EXPECT_EQ(connect.token, "t");
  EXPECT_EQ(connect.data, "\xff");
  ASSERT_EQ(connect.subs.size(), 1u);
  EXPECT_TRUE(connect.subs.at("a").recover);
  EXPECT_EQ(connect.subs.at("a").epoch, "e");
  EXPECT_EQ(connect.subs.at("a").offset, 5u);
  EXPECT_EQ(connect.name, "n");
  EXPECT_EQ(connect.headers, (std::map<std::string, std::string>{{"h", "v"}}));

  // subscribe{positioned, recoverable, join_leave, delta:"fossil", tf:{}, flag:3, type:1, phase:2}
  const auto subscribe = std::get<SubscribeRequest>(
      ProtobufCommand("19 2a17 4801 5001 5801 6206666f7373696c 6a00 7003 7801 800102").request);
  EXPECT_TRUE(subscribe.positioned);
  EXPECT_TRUE(subscribe.recoverable);
  EXPECT_TRUE(subscribe.join_leave);
  EXPECT_EQ(subscribe.delta, "fossil");
  EXPECT_TRUE(subscribe.tf.has_value());
  EXPECT_EQ(subscribe.flag, 3);
  EXPECT_EQ(subscribe.type, 1);

  // history{channel:"c", limit:-1, since:{offset:3,epoch:"e"}, reverse}
  const auto history = std::get<HistoryRequest>(
      ProtobufCommand("19 5217 0a0163 38ffffffffffffffffff01 4205 0803120165 4801").request);
  EXPECT_EQ(history.channel, "c");
  EXPECT_EQ(history.limit, -1);
  EXPECT_EQ(history.since, (StreamPosition{3, "e"}));
  EXPECT_TRUE(history.reverse);

  EXPECT_EQ(std::get<SendRequest>(ProtobufCommand("05 6203 0a0178").request).data, "x");
  EXPECT_EQ(std::get<RpcRequest>(ProtobufCommand("05 6a03 12016d").request).method, "m");
  EXPECT_EQ(std::get<RefreshRequest>(ProtobufCommand("05 7203 0a0174").request).token, "t");
  EXPECT_EQ(std::get<SubRefreshRequest>(ProtobufCommand("07 7a05 0a0163 1802").request).type, 2);
}

TEST(ProtobufCommands, TrackKeys) {
  const auto request = std::get<SubRefreshRequest>(
      ProtobufCommand("1b7a190a01631801220f0a017312050a0161100712030a01622a0178").request);
  EXPECT_EQ(request.channel, "c");
  EXPECT_EQ(request.type, 1);
  ASSERT_EQ(request.track.size(), 1u);
  EXPECT_EQ(request.track[0].signature, "s");
  ASSERT_EQ(request.track[0].items.size(), 2u);
  EXPECT_EQ(request.track[0].items[0].key, "a");
  EXPECT_EQ(request.track[0].items[0].version, 7u);
  EXPECT_EQ(request.track[0].items[1].key, "b");
  EXPECT_EQ(request.untrack, (std::vector<std::string>{"x"}));
}

// https://protobuf.dev/programming-guides/encoding/#last-one-wins
TEST(ProtobufCommands, MessagesThatComeTwiceAreMerged) {
  // publish{channel:"a"} publish{data:"x"}
  const auto publish = std::get<PublishRequest>(ProtobufCommand("0c 0801 3a03 0a0161 3a03 120178").request);
  EXPECT_EQ(publish.channel, "a");
  EXPECT_EQ(publish.data, "x");
  // subscribe{channel:"a", recover, offset:1} subscribe{offset:2, epoch:"e"}
  const auto subscribe =
      std::get<SubscribeRequest>(ProtobufCommand("12 0801 2a07 0a0161 1801 3801 2a05 320165 3802").request);
  EXPECT_EQ(subscribe.channel, "a");
  EXPECT_TRUE(subscribe.recover);
  EXPECT_EQ(subscribe.offset, 2u) << "of a number the last one counts";
  EXPECT_EQ(subscribe.epoch, "e");
  // history{since:{offset:3}, channel:"c", since:{epoch:"e"}}
  const auto history =
      std::get<HistoryRequest>(ProtobufCommand("0e 520c 4202 0803 0a0163 4203 120165").request);
  EXPECT_EQ(history.since, (StreamPosition{3, "e"}));
  // connect{subs:{"a":{recover}+{offset:5}}, subs:{"b":{recover}, "b":{offset:5}}}
  const auto connect = std::get<ConnectRequest>(
      ProtobufCommand("21 221f 1a0b 0a0161 1202 1801 1202 3805 1a07 0a0162 1202 1801 1a07 0a0162 1202 3805")
          .request);
  EXPECT_TRUE(connect.subs.at("a").recover);
  EXPECT_EQ(connect.subs.at("a").offset, 5u);
  EXPECT_FALSE(connect.subs.at("b").recover) << "entries of a map are replaced";
  EXPECT_EQ(connect.subs.at("b").offset, 5u);
}

TEST(ProtobufCommands, UnknownGroupsAreSkipped) {
  // 20{1:5, 2{}}, publish{21{}, channel:"a"}, id:1
  const Command command = ProtobufCommand("13 a301 0805 1314 a401 3a07 ab01 ac01 0a0161 0801");
  EXPECT_EQ(command.id, 1u);
  EXPECT_EQ(std::get<PublishRequest>(command.request).channel, "a");
}

TEST(ProtobufCommands, RefusesBrokenFrames) {
  struct Case {
    const char* name;
    const char* hex;
    const char* want;
  };
  const Case cases[] = {
      {"length over the rest", "0508012200", "byte 1: length over the rest"},
      {"length without end", "80", "byte 0: varint without end"},
      {"eleven byte length", "8080808080808080808001", "byte 0: varint over 64 bits"},
      {"length over 32 bits", "848080801008012200", "byte 5: length over the rest"},
      {"greatest length", "ffffffffffffffffff01", "byte 10: length over the rest"},
      {"id is text", "030a0131", "byte 4: wrong wire type"},
      {"id over 32 bits", "06088080808010", "byte 7: number out of range"},
      {"connect is a number", "022001", "byte 3: wrong wire type"},
      {"varint cut by the message's end", "020880", "byte 2: varint without end"},
      {"eleven byte varint", "0c08ffffffffffffffffffff01", "byte 2: varint over 64 bits"},
      {"nested length over the message", "032a0261", "byte 3: length over the rest"},
      {"nested field broken", "052a030a0261", "byte 5: length over the rest"},
      {"channel not UTF-8", "052a030a01ff", "byte 6: invalid UTF-8"},
      {"group", "010b", "byte 2: a group without end"},
      {"group inside", "032a010b", "byte 4: a group without end"},
      {"id is a group", "020b0c", "byte 3: wrong wire type"},
      {"unknown field broken", "02a206", "byte 3: varint without end"},
      {"field number zero", "020000", "byte 2: field number out of range"},
      {"second command broken", "00040801220001", "byte 7: length over the rest"},
      {"map entry broken", "0622041a020a05", "byte 7: length over the rest"},
      {"flag is text", "052a031a0131", "byte 6: wrong wire type"},
      {"two requests", "063a006a000801", "byte 5: a second request in one command"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string frame = HexToBytes(c.hex);
    EXPECT_TRUE(Refuses(Encoding::kProtobuf, frame));
    CommandReader reader(Encoding::kProtobuf, frame);
    auto command = reader.Next();
    while (command && *command) command = reader.Next();
    EXPECT_EQ(command ? "" : command.error().detail, c.want);
  }
}

TEST(ProtobufCommands, SkipsUnknownFieldsOfEveryWireType) {
  // 100: varint, fixed64, bytes, fixed32; then id 1 and unsubscribe{}
  const Command command = ProtobufCommand("1c a00601 a1060102030405060708 a20602ffff a50601020304 0801 3200");
  EXPECT_EQ(command.id, 1u);
  EXPECT_TRUE(std::holds_alternative<UnsubscribeRequest>(command.request));
}

TEST(ProtobufCommands, LastOfTheSameFieldWins) {
  const Command command = ProtobufCommand("11 0801 0802 3a03 220161 3a06 0a0162 0a0163");
  EXPECT_EQ(command.id, 2u);
  EXPECT_EQ(std::get<PublishRequest>(command.request).channel, "c");
  EXPECT_EQ(std::get<PublishRequest>(command.request).key, "a")
      << "the first message is merged with the second";
}

TEST(ProtobufFrames, HoldManyCommands) {
  const std::string frame = HexToBytes("0408012200 00 0908022a050a03612e62");
  CommandReader reader(Encoding::kProtobuf, frame);
  EXPECT_EQ((*reader.Next())->id, 1u);
  EXPECT_EQ((*reader.Next())->id, 0u);
  EXPECT_EQ((*reader.Next())->id, 2u);
  EXPECT_FALSE(reader.Next()->has_value());
  EXPECT_TRUE(CommandReader(Encoding::kProtobuf, "").empty());
  EXPECT_FALSE(CommandReader(Encoding::kProtobuf, "").Next()->has_value());
}

TEST(EmulationRequests, AreReadInBothEncodings) {
  const auto json = ReadEmulationRequest(Encoding::kJson,
                                         R"({"session":"s","node":"n","data":"{\"id\":2}\n{}","more":[1]})");
  ASSERT_TRUE(json) << json.error().detail;
  EXPECT_EQ(json->session + " " + json->node + " " + json->data, "s n {\"id\":2}\n{}");
  const auto protobuf =
      ReadEmulationRequest(Encoding::kProtobuf, std::string("\x0a\x01n\x12\x01s\x1a\x02\x00\xff", 10));
  ASSERT_TRUE(protobuf) << protobuf.error().detail;
  EXPECT_EQ(protobuf->session + " " + protobuf->node, "s n");
  EXPECT_EQ(protobuf->data, std::string("\x00\xff", 2));
  for (const char* text : {"", "[]", "null", R"({"data":{}})", R"({"session":1})", "{}{}"}) {
    EXPECT_FALSE(ReadEmulationRequest(Encoding::kJson, text)) << text;
  }
  EXPECT_FALSE(ReadEmulationRequest(Encoding::kProtobuf, "\x0a\x05n"));
  EXPECT_FALSE(ReadEmulationRequest(Encoding::kProtobuf, "\x0a\x01\xff")) << "a name is UTF-8";
}

TEST(ConnectRequests, AreReadWithoutACommand) {
  const auto request = ReadConnectRequest(
      R"({"token":"t","subs":{"a":{"recover":true,"epoch":"e","offset":3}},"name":"cli"})");
  ASSERT_TRUE(request) << request.error().detail;
  EXPECT_EQ(request->token + " " + request->name, "t cli");
  EXPECT_EQ(request->subs.at("a").offset, 3u);
  for (const char* text : {"", "[]", "null", R"({"token":1})", R"({}})"})
    EXPECT_FALSE(ReadConnectRequest(text));
}

TEST(ConnectPush, IsTheFirstOfAClientThatOnlyListens) {
  std::string json;
  AppendPush(Encoding::kJson,
             {.channel = "", .body = ConnectResult{.client = "c", .version = "v", .ping = 25}}, json,
             Direction::kUnidirectional);
  EXPECT_EQ(json, R"({"connect":{"client":"c","version":"v","ping":25}})");
}

TEST(PublicationPush, IsWhatAppendPushGives) {
  const Publication publications[] = {
      {},
      {.data = "{}", .offset = 1, .epoch = "abc"},
      {.data = std::string(5000, '1'),
       .info = ClientInfo{.user = "u", .client = "c", .conn_info = "{}", .chan_info = "[]"},
       .offset = 18446744073709551615u,
       .tags = {{"a", "1"}, {"b\"", ""}}},
  };
  for (const Encoding encoding : {Encoding::kJson, Encoding::kProtobuf}) {
    for (const Publication& publication : publications) {
      std::string one = "x";
      std::string other = "x";
      AppendPublicationPush(encoding, "news", publication, one);
      AppendPush(encoding, {"news", std::make_shared<const Publication>(publication)}, other);
      EXPECT_EQ(one, other);
      EXPECT_GT(one.size(), publication.data.size());
    }
  }
}

TEST(PublicationPush, IsBareToAClientThatOnlyListens) {
  const Publication publication{.data = "1", .offset = 2};
  std::string json;
  AppendPublicationPush(Encoding::kJson, "a", publication, json, Direction::kUnidirectional);
  EXPECT_EQ(json, R"({"channel":"a","pub":{"data":1,"offset":2}})");
  // The push of the reply (field 4 of it), behind its own length.
  std::string protobuf;
  AppendPublicationPush(Encoding::kProtobuf, "a", publication, protobuf, Direction::kUnidirectional);
  EXPECT_EQ(protobuf, HexToBytes("0a 1201 61 2205 220131 3002"));
}

TEST(PublicationBytesMax, IsNoLessThanWhatIsAppended) {
  const std::string rough = "\x01\xff\u2028\"";
  const ClientInfo info{
      .user = rough, .client = rough, .conn_info = "{}", .chan_info = std::string(1000, '\xff')};
  const Publication publications[] = {
      {},
      {.data = std::string(1000, '1')},
      {.data = "1",
       .info = info,
       .offset = UINT64_MAX,
       .tags = {{rough, rough}, {"", ""}, {rough + rough, "x"}},
       .epoch = rough},
  };
  for (const std::string& channel : {std::string("a"), std::string(255, '\x02')}) {
    for (const Encoding encoding : {Encoding::kJson, Encoding::kProtobuf}) {
      for (const Publication& publication : publications) {
        std::string out;
        AppendPublicationPush(encoding, channel, publication, out);
        EXPECT_LE(out.size(), PublicationBytesMax(channel, publication));
      }
      std::string out;
      AppendPush(encoding, {channel, LeavePush{info}}, out);
      EXPECT_LE(out.size(), InfoPushBytesMax(channel, info));
    }
  }
}

TEST(JsonFrames, HoldNoRawLineBreaks) {
  std::string out;
  AppendPublicationPush(Encoding::kJson, "a\nb",
                        {.data = "{\r\n  \"x\": \"\\n\"\n}", .info = ClientInfo{.conn_info = "\n1\r"}}, out);
  EXPECT_EQ(out, R"({"push":{"channel":"a\nb","pub":{"data":{    "x": "\n" },"info":{"user":"",)"
                 R"("client":"",)"
                 R"("conn_info": 1 }}}})");
  EXPECT_TRUE(IsJson(out));
  // Bytes of a Protobuf payload stay what they are.
  out.clear();
  AppendPublicationPush(Encoding::kProtobuf, "", {.data = "\n\r"}, out);
  EXPECT_EQ(out, HexToBytes("08 2206 2204 2202 0a0d"));
}

// Any bytes may come from clients that speak Protobuf, from b64info and b64data: no frame breaks by them.
TEST(JsonFrames, HoldPayloadsThatAreNotJsonInBase64) {
  const std::string bytes = "\x00\xff{"s;
  const ClientInfo info{.user = "u", .client = "c", .conn_info = bytes, .chan_info = "not json"};
  const auto publication = std::make_shared<const Publication>(Publication{.data = bytes, .info = info});
  struct Case {
    const char* name;
    std::string frame;
  };
  Case cases[] = {{"join", {}},           {"leave", {}},   {"publication", {}},
                  {"subscribe push", {}}, {"connect", {}}, {"subscribe", {}},
                  {"presence", {}},       {"history", {}}, {"rpc", {}}};
  AppendPush(Encoding::kJson, {"a", JoinPush{info}}, cases[0].frame);
  AppendPush(Encoding::kJson, {"a", LeavePush{info}}, cases[1].frame);
  AppendPush(Encoding::kJson, {"a", publication}, cases[2].frame);
  AppendPush(Encoding::kJson, {"a", SubscribePush{.data = bytes}}, cases[3].frame);
  AppendReply(Encoding::kJson, {1, ConnectResult{.subs = {{"a", {.data = bytes}}}}}, cases[4].frame);
  AppendReply(Encoding::kJson, {1, SubscribeResult{.publications = {publication}, .data = bytes}},
              cases[5].frame);
  AppendReply(Encoding::kJson, {1, PresenceOf(Encoding::kJson, {info})}, cases[6].frame);
  AppendReply(Encoding::kJson, {1, HistoryResult{.publications = {publication}}}, cases[7].frame);
  AppendReply(Encoding::kJson, {1, RpcResult{bytes}}, cases[8].frame);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_TRUE(IsJson(c.frame)) << c.frame;
    EXPECT_TRUE(c.frame.contains("\"AP97\"")) << c.frame;
  }
  EXPECT_TRUE(cases[0].frame.contains(R"("conn_info":"AP97","chan_info":"bm90IGpzb24=")")) << cases[0].frame;
}

TEST(JsonFrames, EscapeTextsFromOutside) {
  std::string out;
  AppendReply(Encoding::kJson, {1, PresenceOf(Encoding::kJson, {{.user = "<\xff\u2028>", .client = "c\"1"}})},
              out);
  EXPECT_EQ(out,
            "{\"id\":1,\"presence\":{\"presence\":{\"c\\\"1\":{\"user\":\"<\uFFFD\\u2028>\",\"client\":"
            "\"c\\\"1\"}}}}");
  EXPECT_TRUE(IsJson(out));
}

}  // namespace
}  // namespace tidemill::protocol
