#include "realtime/methods/maps.h"

#include <gtest/gtest.h>

#include <cctype>

#include "realtime/methods/testing/methods_fixture.h"

namespace tidemill::methods {
namespace {

using api::testing::Reply;
using testing::MethodsFixture;

Reply Ok(std::string result) { return {200, R"({"result":)" + std::move(result) + "}"}; }
Reply Failed(int code, std::string message) {
  return {200, R"({"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message + R"("}})"};
}

// Times are the machine's: left out.
Reply WithoutTimes(Reply reply) {
  constexpr std::string_view kTime = R"(,"time":)";
  for (std::size_t at = 0; (at = reply.body.find(kTime)) != std::string::npos;) {
    std::size_t end = at + kTime.size();
    while (end < reply.body.size() && std::isdigit(static_cast<unsigned char>(reply.body[end]))) ++end;
    reply.body.erase(at, end - at);
  }
  return reply;
}

TEST(MapMethods, AnswerAsTheirSchemasSay) {
  struct Case {
    const char* method;
    const char* body;
    Reply reply;
  };
  const Case cases[] = {
      {"map_publish", R"({"channel":"map:a","key":"k1","data":{"x":1},"tags":{"t":"v"}})",
       Ok(R"({"offset":1,"epoch":"EPOCH"})")},
      {"map_publish", R"({"channel":"map:a","key":"k2","b64data":"AAE="})",
       Ok(R"({"offset":2,"epoch":"EPOCH"})")},
      {"map_publish", R"({"channel":"map:a","key":"k1","data":2,"key_mode":"if_new"})",
       Ok(R"({"offset":2,"epoch":"EPOCH","suppressed":true,"suppress_reason":"key_exists"})")},
      {"map_publish", R"({"channel":"map:a","key":"k9","data":2,"key_mode":"if_exists"})",
       Ok(R"({"offset":2,"epoch":"EPOCH","suppressed":true,"suppress_reason":"key_not_found"})")},
      {"map_publish", R"({"channel":"map:a","key":"k1","data":2,"version":5})",
       Ok(R"({"offset":3,"epoch":"EPOCH"})")},
      {"map_publish", R"({"channel":"map:a","key":"k1","data":2,"version":5})",
       Ok(R"({"offset":3,"epoch":"EPOCH","suppressed":true,"suppress_reason":"version"})")},
      {"map_publish", R"({"channel":"map:a","key":"k3","data":null,"idempotency_key":"i"})",
       Ok(R"({"offset":4,"epoch":"EPOCH"})")},
      {"map_publish", R"({"channel":"map:a","key":"k3","data":1,"idempotency_key":"i"})",
       Ok(R"({"offset":4,"epoch":"EPOCH","suppressed":true,"suppress_reason":"idempotency"})")},
      {"map_read_state", R"({"channel":"map:a"})", Ok(R"({"entries":[],"offset":4,"epoch":"EPOCH"})")},
      {"map_read_state", R"({"channel":"map:a","limit":2})",
       Ok(R"({"entries":[{"key":"k1","data":2,"offset":3},{"key":"k2","b64data":"AAE=","offset":2}],)"
          R"("offset":4,"epoch":"EPOCH","cursor":"k2"})")},
      {"map_read_state", R"({"channel":"map:a","limit":2,"cursor":"k2"})",
       Ok(R"({"entries":[{"key":"k3","data":null,"offset":4}],"offset":4,"epoch":"EPOCH"})")},
      {"map_read_state", R"({"channel":"map:a","limit":-1,"revision_offset":3})",
       Ok(R"({"entries":[{"key":"k1","data":2,"offset":3},{"key":"k2","b64data":"AAE=","offset":2}],)"
          R"("offset":4,"epoch":"EPOCH"})")},
      {"map_read_state", R"({"channel":"map:a","limit":-1,"revision_offset":3,"revision_epoch":"no"})",
       Failed(112, "unrecoverable position")},
      {"map_read_state", R"({"channel":"map:a","key":"k1","limit":1})",
       Ok(R"({"entries":[{"key":"k1","data":2,"offset":3}],"offset":4,"epoch":"EPOCH"})")},
      {"map_stats", R"({"channel":"map:a"})", Ok(R"({"num_keys":3})")},
      {"map_remove", R"({"channel":"map:a","key":"k2"})", Ok(R"({"offset":5,"epoch":"EPOCH"})")},
      {"map_remove", R"({"channel":"map:a","key":"k2"})",
       Ok(R"({"offset":5,"epoch":"EPOCH","suppressed":true,"suppress_reason":"key_not_found"})")},
      {"map_read_stream", R"({"channel":"map:a","limit":2,"reverse":true})",
       Ok(R"({"entries":[{"key":"k2","offset":5,"removed":true},{"key":"k3","data":null,"offset":4}],)"
          R"("offset":5,"epoch":"EPOCH"})")},
      {"map_read_stream", R"({"channel":"map:a","since_offset":4,"limit":-1})",
       Ok(R"({"entries":[{"key":"k2","offset":5,"removed":true}],"offset":5,"epoch":"EPOCH"})")},
      {"map_clear", R"({"channel":"map:a"})", Ok("{}")},
      {"map_stats", R"({"channel":"map:a"})", Ok(R"({"num_keys":0})")},
      {"map_publish", R"({"channel":"top:a","key":"low","data":1,"score":-5})",
       Ok(R"({"offset":1,"epoch":"EPOCH"})")},
      {"map_publish", R"({"channel":"top:a","key":"high","data":1,"score":5})",
       Ok(R"({"offset":2,"epoch":"EPOCH"})")},
      {"map_read_state", R"({"channel":"top:a","limit":-1})",
       Ok(R"({"entries":[{"key":"high","data":1,"offset":2,"score":5},)"
          R"({"key":"low","data":1,"offset":1,"score":-5}],"offset":2,"epoch":"EPOCH"})")},
      {"map_read_state", R"({"channel":"top:a","limit":1,"asc":true})",
       Ok(R"({"entries":[{"key":"low","data":1,"offset":1,"score":-5}],"offset":2,"epoch":"EPOCH",)"
          R"("cursor":"-5\u0000low"})")},
      {"map_publish", R"({"channel":"cursors:a","key":"k","data":1})", Ok(R"({"epoch":"EPOCH"})")},
      {"map_read_stream", R"({"channel":"cursors:a"})", Failed(108, "not available")},
      {"batch",
       R"({"commands":[{"map_publish":{"channel":"map:b","key":"k","data":1}},)"
       R"({"map_stats":{"channel":"a"}}]})",
       {200, R"({"replies":[{"map_publish":{"offset":1,"epoch":"EPOCH"}},)"
             R"({"error":{"code":107,"message":"bad request"}}]})"}},
  };
  MethodsFixture api;
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + c.body);
    EXPECT_EQ(WithoutTimes(api.Post(c.method, c.body)), c.reply);
  }
}

TEST(MapMethods, RefuseWhatIsNoMapOrNoKey) {
  const Reply bad = Failed(107, "bad request");
  MethodsFixture api;
  for (const char* method :
       {"map_publish", "map_remove", "map_read_state", "map_read_stream", "map_stats", "map_clear"}) {
    SCOPED_TRACE(method);
    EXPECT_EQ(api.Post(method, R"({"channel":"a","key":"k","data":1})"), bad) << "a stream";
    EXPECT_EQ(api.Post(method, R"({"key":"k","data":1})"), bad);
    EXPECT_EQ(api.Post(method, R"({"channel":"nons:a","key":"k","data":1})"), Failed(102, "unknown channel"));
  }
  for (const char* body :
       {R"({"channel":"map:a","data":1})", R"({"channel":"map:a","key":"","data":1})",
        R"({"channel":"map:a","key":"k"})", R"({"channel":"map:a","key":"k","data":1,"key_mode":"if"})",
        R"({"channel":"cursors:a","key":"k","data":1,"version":1})",
        R"({"channel":"top:a","key":"k","data":1,"score":9007199254740993})"}) {
    SCOPED_TRACE(body);
    EXPECT_EQ(api.Post("map_publish", body), bad);
  }
  EXPECT_EQ(api.Post("publish", R"({"channel":"map:a","data":1})"), bad) << "it has no key";
}

TEST(MapMethods, TellWhoPublished) {
  MethodsFixture api;
  api.PublishKey({.channel = "map:a",
                  .key = "k",
                  .data = "1",
                  .form = broker::DataForm::kJson,
                  .info = protocol::ClientInfo{.user = "ann", .client = "c", .conn_info = "{}"}});
  const std::string entries =
      R"({"entries":[{"key":"k","data":1,"info":{"user":"ann","client":"c","conn_info":{}},"offset":1}],)"
      R"("offset":1,"epoch":"EPOCH"})";
  for (const char* method : {"map_read_state", "map_read_stream"}) {
    EXPECT_EQ(WithoutTimes(api.Post(method, R"({"channel":"map:a","limit":-1})")), Ok(entries)) << method;
  }
}

std::size_t KeysIn(const Reply& reply) {
  std::size_t keys = 0;
  for (std::size_t at = 0; (at = reply.body.find(R"("key":)", at)) != std::string::npos; ++at) ++keys;
  return keys;
}

TEST(MapMethods, ALargeStateIsReadInParts) {
  MethodsFixture api;
  for (int n = 0; n < 2500; ++n) {
    const std::string key = std::to_string(10'000 + n);
    ASSERT_EQ(api.Post("map_publish", R"({"channel":"map:a","key":")" + key + R"(","data":1})").status, 200);
  }
  const Reply all = api.Post("map_read_state", R"({"channel":"map:a","limit":-1})");
  EXPECT_EQ(KeysIn(all), 2500u);
  EXPECT_EQ(all.body.find("cursor"), std::string::npos);
  const Reply some = api.Post("map_read_state", R"({"channel":"map:a","limit":1500})");
  EXPECT_EQ(KeysIn(some), 1500u);
  EXPECT_TRUE(some.body.ends_with(R"("cursor":"11499"}})")) << some.body.substr(some.body.size() - 80);
  const Reply most = api.Post("map_read_state", R"({"channel":"map:a","limit":2147483647})");
  EXPECT_EQ(KeysIn(most), 2500u);
  EXPECT_EQ(api.state_reads.size(), 3u + 2u + 3u);
  for (const broker::MapStateQuery& read : api.state_reads) {
    EXPECT_LE(read.limit, 1000u);
    EXPECT_LE(read.bytes_max, std::size_t{4} << 20);
  }
}

}  // namespace
}  // namespace tidemill::methods
