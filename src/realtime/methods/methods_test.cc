#include "realtime/methods/methods.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/log.h"
#include "realtime/methods/testing/methods_fixture.h"

namespace tidemill::methods {
namespace {

using api::testing::Reply;
using testing::MethodsFixture;
using Lines = std::vector<std::string>;

Reply Ok(std::string result) { return {200, R"({"result":)" + std::move(result) + "}"}; }
Reply Failed(int code, std::string message) {
  return {200, R"({"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message + R"("}})"};
}

const Reply kBad = Failed(107, "bad request");
const Reply kUnknown = Failed(102, "unknown channel");
const Reply kNotAvailable = Failed(108, "not available");

// A request that cannot be read is answered with what of it, which is told to nobody but people.
Reply WithoutWhy(Reply reply) {
  if (reply.status == 400) reply.body.resize(std::min(reply.body.size(), sizeof("Bad Request") - 1));
  return reply;
}

// As recorded from a server that answers the official clients.
TEST(Api, AnswersAsRecorded) {
  struct Case {
    const char* method;
    const char* body;
    Reply reply;
  };
  const Case cases[] = {
      {"publish", R"({"channel":"a"})", kBad},
      {"publish", R"({"channel":"nons:a","data":1})", kUnknown},
      {"publish", R"({"data":1})", kBad},
      {"publish", R"({bad)", {400, "Bad Request"}},
      {"publish", R"({"channel":"a","data":1,"idempotency_key":"k"})", Ok(R"({"offset":1,"epoch":"EPOCH"})")},
      {"publish", R"({"channel":"a","data":1,"idempotency_key":"k"})", Ok(R"({"offset":1,"epoch":"EPOCH"})")},
      {"publish", R"({"channel":"plain:q","data":null})", Ok("{}")},
      {"broadcast", R"({"channels":["a","nons:b"],"data":{}})",
       Ok(R"({"responses":[{"result":{"offset":2,"epoch":"EPOCH"}},)"
          R"({"error":{"code":102,"message":"unknown channel"}}]})")},
      {"history", R"({"channel":"a","limit":2,"reverse":true})",
       Ok(R"({"publications":[{"data":{},"offset":2},{"data":1,"offset":1}],"epoch":"EPOCH","offset":2})")},
      {"history", R"({"channel":"plain:q"})", kNotAvailable},
      {"presence", R"({"channel":"plain:q"})", kNotAvailable},
      {"presence", R"({"channel":"a"})", Ok(R"({"presence":{}})")},
      {"channels", "{}", Ok(R"({"channels":{}})")},
      {"rpc", R"({"method":"x"})", Failed(104, "not found")},
      {"nosuch", "{}", {404, ""}},
      {"batch",
       R"({"commands":[{"publish":{"channel":"a","data":{}}},{"history":{"channel":"a"}},)"
       R"({"publish":{"channel":"nons:a","data":1}}]})",
       {200, R"({"replies":[{"publish":{"offset":3,"epoch":"EPOCH"}},)"
             R"({"history":{"publications":[],"epoch":"EPOCH","offset":3}},)"
             R"({"error":{"code":102,"message":"unknown channel"}}]})"}},
      {"history_remove", R"({"channel":"a"})", Ok("{}")},
      {"", R"({"method":"publish","params":{"channel":"a","data":{}}})",
       Ok(R"({"offset":4,"epoch":"EPOCH"})")},
  };
  MethodsFixture api;
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + c.body);
    EXPECT_EQ(WithoutWhy(api.Post(c.method, c.body)), c.reply);
  }
}

TEST(Api, RefusesWhatIsNotTheJsonOfItsMethod) {
  MethodsFixture api;
  for (const char* body : {"", "[]", "1", R"({"channel":5,"data":1})", R"({"channel":"a","data":1} x)",
                           R"({"channel":"a","data":})", R"({"channel":"a","data":1,"tags":{"a":1}})",
                           R"({"channel":"a","data":1,"version":-1})"}) {
    SCOPED_TRACE(body);
    const Reply refused = api.Post("publish", body);
    EXPECT_EQ(WithoutWhy(refused), (Reply{400, "Bad Request"}));
    EXPECT_NE(refused, WithoutWhy(refused)) << "it does not say what is wrong";
    EXPECT_EQ(api.Post("batch", std::string(R"({"commands":[{"publish":)") + body + "}]}").status, 400);
  }
  EXPECT_EQ(api.Post("history", R"({"channel":"a","limit":-1})").body,
            R"({"result":{"publications":[],"epoch":"EPOCH"}})");
}

TEST(Api, AsksForAKey) {
  struct Case {
    const char* name;
    MethodsFixture::Headers headers;
    const char* query;
    int status;
  };
  const Case cases[] = {
      {"header", {{"X-API-Key", "k"}}, "", 200},
      {"wrong key", {{"X-API-Key", "K"}}, "", 401},
      {"empty key", {{"X-API-Key", ""}}, "", 401},
      {"authorization", {{"Authorization", "apikey k"}}, "", 200},
      {"scheme in capitals", {{"Authorization", "ApiKey k"}}, "", 200},
      {"another scheme", {{"Authorization", "Bearer k"}}, "", 401},
      {"no scheme", {{"Authorization", "k"}}, "", 401},
      {"query", {}, "api_key=k", 200},
      {"wrong in the query", {}, "api_key=l", 401},
      {"nothing", {}, "", 401},
  };
  MethodsFixture api;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    for (const char* method : {"info", "batch", ""}) {
      const char* body = *method == '\0' ? R"({"method":"info"})" : "{}";
      EXPECT_EQ(api.PostWith(method, body, c.headers, c.query).status, c.status) << method;
    }
  }
  EXPECT_EQ(api.PostWith("publish", "{bad", {}),
            (Reply{401, "unauthorized: no API key; send the server's http_api.key in X-API-Key"}))
      << "before the body is looked at";
}

TEST(Api, LetsNobodyInWithoutAKeyUnlessItIsInsecure) {
  MethodsFixture api;
  MethodsFixture::Settings settings = MethodsFixture::DefaultSettings();
  settings.http_api.keys = {};
  api.Reload(settings);
  EXPECT_EQ(api.PostWith("info", "{}", {{"X-API-Key", ""}}).status, 401);
  settings.http_api.insecure = true;
  api.Reload(settings);
  EXPECT_EQ(api.PostWith("info", "{}", {}).status, 200);
}

TEST(Api, TellsErrorsByStatusWhenAskedTo) {
  MethodsFixture api;
  const Reply by_status{404, R"({"code":102,"message":"unknown channel"})"};
  const char* body = R"({"channel":"nons:a","data":1})";
  EXPECT_EQ(api.PostWith("publish", body, {{"X-API-Key", "k"}, {"X-Centrifugo-Error-Mode", "transport"}}),
            by_status);
  EXPECT_EQ(api.PostWith("publish", body, {{"X-API-Key", "k"}, {"X-Tidemill-Error-Mode", "transport"}}),
            by_status);
  EXPECT_EQ(api.Post("publish", body), kUnknown);
  MethodsFixture::Settings settings = MethodsFixture::DefaultSettings();
  settings.http_api.error_mode = "transport";
  api.Reload(settings);
  EXPECT_EQ(api.Post("publish", body), by_status);
  EXPECT_EQ(api.Post("presence", R"({"channel":"plain:a"})").status, 400);
  EXPECT_EQ(api.Post("history", R"({"channel":"a","since":{"offset":1,"epoch":"x"}})").status, 416);
}

TEST(Api, PublishesWhatWasGiven) {
  struct Case {
    const char* name;
    const char* body;
    Reply reply;
    Lines published;
  };
  const Reply none = Ok("{}");
  const Case cases[] = {
      {"any JSON",
       R"({"channel":"plain:a","data": {"x" : [1, "é"]} })",
       none,
       {R"(plain:a {"x" : [1, "é"]})"}},
      {"tags", R"({"channel":"plain:a","data":1,"tags":{"k":"v","l":"w"}})", none, {"plain:a 1 k=v l=w"}},
      {"base64", R"({"channel":"plain:a","b64data":"AAH/"})", none, {std::string("plain:a \0\x01\xff", 11)}},
      {"base64 first", R"({"channel":"plain:a","b64data":"eA==","data":1})", none, {"plain:a x"}},
      {"base64 first, again", R"({"channel":"plain:a","data":1,"b64data":"eA=="})", none, {"plain:a x"}},
      {"empty base64", R"({"channel":"plain:a","data":1,"b64data":""})", none, {"plain:a 1"}},
      {"malformed base64", R"({"channel":"plain:a","b64data":"?"})", kBad, {}},
      {"an unknown field", R"({"channel":"plain:a","data":1,"more":{"a":[]}})", none, {"plain:a 1"}},
      {"null is absent", R"({"channel":"plain:a","data":1,"tags":null,"delta":null})", none, {"plain:a 1"}},
      {"no delta", R"({"channel":"plain:a","data":1,"delta":false})", none, {"plain:a 1"}},
      {"a delta", R"({"channel":"plain:a","data":1,"delta":true})", none, {"plain:a 1"}},
      {"no object", R"({"channel":"object:a","data":[1]})", kBad, {}},
      {"an object", R"({"channel":"object:a","data":{}})", none, {"object:a {}"}},
      {"an object in base64", R"({"channel":"object:a","b64data":"e30="})", none, {"object:a {}"}},
      {"no object in base64", R"({"channel":"object:a","b64data":"e31="})", kBad, {}},
      {"a blank name", R"({"channel":"plain:a b","data":1})", none, {}},
      {"a name that no client may give", R"({"channel":"object:ч","data":{}})", none, {}},
  };
  MethodsFixture api;
  api.Subscribe("plain:a");
  api.Subscribe("object:a");
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(api.Post("publish", c.body), c.reply);
    EXPECT_EQ(std::exchange(api.published, {}), c.published);
  }
}

TEST(Api, PublishKeepsWhatIsKnownOfTheData) {
  MethodsFixture api;
  api.Subscribe("a");
  api.Post("publish", R"({"channel":"a","data":{}})");
  EXPECT_TRUE(api.last_published->data_is_json);
  api.Post("publish", R"({"channel":"a","b64data":"e30="})");
  EXPECT_EQ(api.last_published->data, "{}");
  EXPECT_FALSE(api.last_published->data_is_json);
  api.Post("broadcast", R"({"channels":["a"],"data":[1]})");
  EXPECT_TRUE(api.last_published->data_is_json);
}

TEST(Api, PublishTakesTheBrokersOptions) {
  MethodsFixture api;
  const Reply first = Ok(R"({"offset":1,"epoch":"EPOCH"})");
  EXPECT_EQ(api.Post("publish", R"({"channel":"a","data":1,"skip_history":true})"), Ok("{}"));
  EXPECT_EQ(api.Post("publish", R"({"channel":"a","data":1,"version":7,"version_epoch":"e"})"), first);
  EXPECT_EQ(api.Post("publish", R"({"channel":"a","data":1,"version":7,"version_epoch":"e"})"), first);
  const std::string key(513, 'k');
  EXPECT_EQ(api.Post("publish", R"({"channel":"a","data":1,"idempotency_key":")" + key + "\"}"), kBad);
}

TEST(Api, BroadcastAnswersInTheOrderOfItsChannels) {
  MethodsFixture api(3);
  std::string channels = R"("nons:x")";
  std::string responses = R"({"error":{"code":102,"message":"unknown channel"}})";
  for (int i = 0; i < 300; ++i) {
    channels += R"(,"c)" + std::to_string(i) + '"';
    responses += R"(,{"result":{"offset":1,"epoch":"EPOCH"}})";
  }
  channels += R"(,"c7",)"
              R"("")";
  responses += R"(,{"result":{"offset":2,"epoch":"EPOCH"}},{"error":{"code":107,"message":"bad request"}})";
  EXPECT_EQ(api.Post("broadcast", R"({"channels":[)" + channels + R"(],"data":1})"),
            Ok(R"({"responses":[)" + responses + "]}"));
  EXPECT_EQ(api.Post("broadcast", R"({"channels":[],"data":1})"), kBad);
  EXPECT_EQ(api.Post("broadcast", R"({"data":1})"), kBad);
}

TEST(Api, ActsOnAUsersConnections) {
  struct Case {
    const char* method;
    const char* body;
    Reply reply;
    Lines asked;
  };
  const Reply done = Ok("{}");
  const Case cases[] = {
      {"subscribe", R"({"user":"u","channel":"a"})", done, {"subscribe u// a"}},
      {"subscribe",
       R"({"user":"u","client":"c","session":"s","channel":"a","info":{"n":1},"b64data":"eA==",)"
       R"("expire_at":9,"recover_since":{"offset":3,"epoch":"e"},"override":{"presence":{"value":true},)"
       R"("join_leave":{"value":false},"force_recovery":{},"force_positioning":null}})",
       done,
       {R"(subscribe u/c/s a info={"n":1} data=x expire_at=9 since=3e presence=yes join_leave=no)"
        " force_recovery=no"}},
      {"subscribe", R"({"user":"u","channel":"nons:a"})", kUnknown, {}},
      {"subscribe", R"({"user":"u"})", kBad, {}},
      {"subscribe", R"({"user":"u","channel":"a","b64info":"?"})", kBad, {}},
      {"unsubscribe", R"({"user":"u","client":"c","channel":"a"})", done, {"unsubscribe u/c/ a"}},
      {"unsubscribe", R"({"user":"u"})", done, {"unsubscribe u// "}},
      {"unsubscribe", R"({"user":"u","channel":"nons:a"})", kUnknown, {}},
      {"disconnect", R"({"user":"u"})", done, {"disconnect u// 3503 force disconnect"}},
      {"disconnect",
       R"({"user":"u","whitelist":["c1","c2"],"disconnect":{"code":4501,"reason":"bye"}})",
       done,
       {"disconnect u// not c1 not c2 4501 bye"}},
      {"disconnect", R"({"user":"u","disconnect":{"code":1000,"reason":"bye"}})", kBad, {}},
      {"disconnect", R"({"user":"u","disconnect":{"code":5000,"reason":"bye"}})", kBad, {}},
      {"refresh",
       R"({"user":"u","expire_at":99,"info":{"a":1}})",
       done,
       {R"(refresh u// expire_at=99 info={"a":1})"}},
      {"refresh", R"({"user":"u","session":"s","expired":true})", done, {"refresh u//s expired expire_at=0"}},
  };
  MethodsFixture api;
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + c.body);
    EXPECT_EQ(api.Post(c.method, c.body), c.reply);
    EXPECT_EQ(std::exchange(api.directory.asked, {}), c.asked);
  }
  const std::string reason(124, 'x');
  EXPECT_EQ(api.Post("disconnect", R"({"user":"u","disconnect":{"code":4000,"reason":")" + reason + "\"}}"),
            kBad);
  api.directory.answer = Fail(Errc::kUnavailable, "no answer");
  EXPECT_EQ(api.Post("refresh", R"({"user":"u"})"), Failed(100, "Redis is away"));
}

TEST(Api, TellsWhoIsPresent) {
  MethodsFixture api;
  api.AddPresence("a", {.user = "u1", .client = "c1", .conn_info = R"({"n":1})", .chan_info = ""});
  EXPECT_EQ(api.Post("presence", R"({"channel":"a"})"),
            Ok(R"({"presence":{"c1":{"user":"u1","client":"c1","conn_info":{"n":1}}}})"));
  EXPECT_EQ(api.Post("presence_stats", R"({"channel":"a"})"), Ok(R"({"num_clients":1,"num_users":1})"));
  EXPECT_EQ(api.Post("presence_stats", R"({"channel":"b"})"), Ok("{}"));
  EXPECT_EQ(api.Post("presence_stats", R"({"channel":"plain:b"})"), kNotAvailable);
  EXPECT_EQ(api.Post("presence_stats", "{}"), kBad);
  api.AddPresence("b", {.user = "", .client = "c2", .conn_info = "\xff", .chan_info = "x"});
  EXPECT_EQ(
      api.Post("presence", R"({"channel":"b"})"),
      Ok(R"({"presence":{"c2":{"user":"","client":"c2","b64conn_info":"/w==","b64chan_info":"eA=="}}})"));
}

TEST(Api, ReadsHistoryPageByPage) {
  MethodsFixture api;
  for (const char* data : {"1", "2", "3"}) {
    api.Post("publish", std::string(R"({"channel":"a","tags":{"k":"v"},"data":)") + data + "}");
  }
  EXPECT_EQ(api.Post("history", R"({"channel":"a"})"),
            Ok(R"({"publications":[],"epoch":"EPOCH","offset":3})"));
  EXPECT_EQ(api.Post("history", R"({"channel":"a","limit":1,"since":{"offset":1}})"),
            Ok(R"({"publications":[{"data":2,"offset":2,"tags":{"k":"v"}}],"epoch":"EPOCH","offset":3})"));
  EXPECT_EQ(api.Post("history", R"({"channel":"a","limit":10,"since":{"offset":1,"epoch":"bad"}})"),
            Failed(112, "unrecoverable position"));
  EXPECT_EQ(api.Post("history_remove", R"({"channel":"plain:a"})"), kNotAvailable);
}

TEST(Api, GivesPayloadsThatAreNotJsonInBase64) {
  MethodsFixture api;
  EXPECT_EQ(api.Post("publish", R"({"channel":"bytes:a","b64data":"/w=="})").status, 200);
  const Reply reply = api.Post("history", R"({"channel":"bytes:a","limit":-1})");
  EXPECT_EQ(reply, Ok(R"({"publications":[{"b64data":"/w==","offset":1}],"epoch":"EPOCH","offset":1})"));
}

TEST(Api, PayloadsThatAreKnownToBeJsonAreNotParsedForHistory) {
  MethodsFixture api;
  api.Publish({.channel = "bytes:a", .data = "tru", .form = broker::DataForm::kJson});
  api.Publish({.channel = "bytes:a", .data = "", .form = broker::DataForm::kJson});
  const Reply reply = api.Post("history", R"({"channel":"bytes:a","limit":-1})");
  EXPECT_EQ(reply, Ok(R"({"publications":[{"data":tru,"offset":1},{"b64data":"","offset":2}],)"
                      R"("epoch":"EPOCH","offset":2})"));
}

TEST(Api, FindsChannelsByPattern) {
  MethodsFixture api(2);
  for (const char* channel : {"chat:1", "chat:1", "plain:x"}) api.Subscribe(channel);
  EXPECT_EQ(api.Post("channels", R"({"pattern":"chat:*"})"),
            Ok(R"({"channels":{"chat:1":{"num_clients":2}}})"));
  EXPECT_EQ(api.Post("channels", R"({"pattern":"["})"), kBad);
}

TEST(Api, DescribesTheNodes) {
  MethodsFixture api;
  api.directory.nodes = {
      {.uid = "node-1", .name = "here", .version = "1.2.3"},
      {.uid = "node-2",
       .name = "there",
       .version = "1.2.4",
       .uptime = Milliseconds(5900),
       .counts = {.clients = 4, .users = 3, .subscriptions = 2, .channels = 1}},
  };
  EXPECT_EQ(api.Post("info", "{}"),
            Ok(R"({"nodes":[{"uid":"node-1","name":"here","version":"1.2.3"},)"
               R"({"uid":"node-2","name":"there","version":"1.2.4","num_clients":4,"num_users":3,)"
               R"("num_subs":2,"num_channels":1,"uptime":5}]})"));
}

std::vector<std::string> logged;

TEST(Api, ANodeThatDoesNotAnswerIsAnInternalErrorAndNamedInTheLog) {
  MethodsFixture api;
  api.directory.answer = Fail(Errc::kTimeout, "not acknowledged by tide-2");
  const Reply internal{200, R"({"error":{"code":100,"message":"internal server error"}})"};
  logged.clear();
  log::SetSinkForTest([](std::string_view line) { logged.emplace_back(line); });
  EXPECT_EQ(api.Post("disconnect", R"({"user":"u"})"), internal);
  EXPECT_EQ(api.Post("unsubscribe", R"({"user":"u"})"), internal);
  EXPECT_EQ(api.Post("subscribe", R"({"user":"u","channel":"a"})"), internal);
  EXPECT_EQ(api.Post("refresh", R"({"user":"u"})"), internal);
  EXPECT_EQ(api.Post("channels", "{}"), internal);
  api.directory.answer = Fail(Errc::kUnavailable, "cut off from the other nodes");
  EXPECT_EQ(api.Post("disconnect", R"({"user":"u"})"),
            (Reply{200, R"({"error":{"code":100,"message":"Redis is away"}})"}));
  log::SetSinkForTest(nullptr);
  ASSERT_EQ(logged.size(), 5u) << "not one for each call while nobody can be reached";
  for (const std::string& line : logged) {
    EXPECT_NE(line.find("api.command_failed"), std::string::npos) << line;
    EXPECT_NE(line.find("not acknowledged by tide-2"), std::string::npos) << line;
  }
}

TEST(Api, RunsBatchesInOrderOrAtOnce) {
  for (const char* parallel : {"false", "true"}) {
    SCOPED_TRACE(parallel);
    MethodsFixture api(2);
    std::string commands = "{},{\"nosuch\":{}}";
    std::string replies = R"({"error":{"code":104,"message":"not found"}},)"
                          R"({"error":{"code":104,"message":"not found"}})";
    for (int i = 1; i <= 100; ++i) {
      commands += R"(,{"publish":{"channel":"a","data":1}})";
      replies += R"(,{"publish":{"offset":)" + std::to_string(i) + R"(,"epoch":"EPOCH"}})";
    }
    EXPECT_EQ(api.Post("batch", R"({"commands":[)" + commands + R"(],"parallel":)" + parallel + "}"),
              (Reply{200, R"({"replies":[)" + replies + "]}"}));
  }
}

TEST(Api, RunsNothingOfABatchThatCannotBeRead) {
  MethodsFixture api;
  EXPECT_EQ(
      api.Post("batch", R"({"commands":[{"publish":{"channel":"a","data":1}},{"publish":{"channel":1}}]})")
          .status,
      400);
  EXPECT_EQ(api.Post("history", R"({"channel":"a"})"), Ok(R"({"publications":[],"epoch":"EPOCH"})"));
  EXPECT_EQ(api.Post("batch", "{}"), (Reply{200, R"({"replies":[]})"}));
  std::string many = "{}";
  for (int i = 0; i < 10'000; ++i) many += ",{}";
  EXPECT_EQ(api.Post("batch", R"({"commands":[)" + many + "]}").status, 413);
}

TEST(Api, AnswersTheLegacyFormLineByLine) {
  struct Case {
    const char* name;
    const char* body;
    Reply reply;
  };
  const std::string unknown = R"({"error":{"code":104,"message":"not found"}})";
  const Case cases[] = {
      {"two lines",
       "{\"method\":\"publish\",\"params\":{\"channel\":\"plain:a\",\"data\":\"}\\\"{\"}}\n"
       "{\"method\":\"nosuch\"}\n",
       {200, R"({"result":{}})"
             "\n" +
                 unknown}},
      {"parameters first", R"({"params":{"channel":"a"},"method":"presence_stats"})", Ok("{}")},
      {"over several lines", "{\n \"method\": \"channels\",\n \"params\": null }", Ok(R"({"channels":{}})")},
      {"nothing", " \n", {400, "Bad Request"}},
      {"no object", "[]", {400, "Bad Request"}},
      {"cut off", R"({"method":"channels")", {400, "Bad Request"}},
      {"a wrong type", R"({"method":"publish","params":{"channel":1}})", {400, "Bad Request"}},
      {"more behind", R"({"method":"channels"} x)", {400, "Bad Request"}},
  };
  MethodsFixture api;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(WithoutWhy(api.Post("", c.body)), c.reply);
  }
}

// What the OpenAPI document has: {"/publish":"publish"}, operations by path, and names of schemas.
struct Described {
  std::map<std::string, std::string> operations;
  std::set<std::string> schemas;
};

void ReadPaths(JsonReader& json, Described& described) {
  json.EnterObject();
  while (const auto path = json.NextKey()) {
    std::string& id = described.operations[std::string(*path)];
    json.EnterObject();
    while (const auto method = json.NextKey()) {
      EXPECT_EQ(*method, "post");
      json.EnterObject();
      while (const auto key = json.NextKey()) {
        if (*key == "operationId") id = json.ReadString();
      }
    }
  }
}

void ReadComponents(JsonReader& json, Described& described) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "schemas") continue;
    json.EnterObject();
    while (const auto name = json.NextKey()) described.schemas.insert(std::string(*name));
  }
}

Described ReadDescription(std::string_view document) {
  Described described;
  JsonReader json(document);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "paths") ReadPaths(json, described);
    if (*key == "components") ReadComponents(json, described);
  }
  EXPECT_TRUE(json.Finish());
  return described;
}

TEST(Api, ItsDescriptionHasAnOperationForEachRouteAndNoOther) {
  MethodsFixture api;
  std::map<std::string, std::string> served;
  for (const api::Route& route : api.routes()) {
    if (route.method == http::Method::kPost && route.path != "/api") {
      served[route.path.substr(4)] = route.path.substr(5);
    }
  }
  EXPECT_EQ(served.size(), 28u);
  EXPECT_EQ(ReadDescription(api.Get("/api/openapi.json").body).operations, served);
}

TEST(Api, ItsDescriptionHasEachSchemaThatItRefersToAndNoOther) {
  MethodsFixture api;
  const std::string document = api.Get("/api/openapi.json").body;
  constexpr std::string_view kReference = "#/components/schemas/";
  std::set<std::string> named;
  for (std::size_t at = document.find(kReference); at != std::string::npos;
       at = document.find(kReference, at)) {
    at += kReference.size();
    named.insert(document.substr(at, document.find('"', at) - at));
  }
  EXPECT_EQ(ReadDescription(document).schemas, named);
}

TEST(Api, SaysOfEachMethodWhetherItChangesState) {
  MethodsFixture api;
  Lines changing;
  for (const api::Method& method : api.methods()) {
    if (method.effect == api::Effect::kChangesState) changing.emplace_back(method.name.text);
  }
  EXPECT_EQ(changing,
            (Lines{"publish", "broadcast", "subscribe", "unsubscribe", "disconnect", "refresh", "block_user",
                   "unblock_user", "revoke_token", "invalidate_user_tokens", "history_remove", "map_publish",
                   "map_remove", "map_clear", "update_user_status", "delete_user_status"}));
}

TEST(Api, PublishesToAllChannelsOfABroadcastWhoseConnectionBreaks) {
  constexpr int kChannels = 300;
  MethodsFixture api(2);
  std::string channels = R"("c0")";
  for (int i = 1; i < kChannels; ++i) channels += R"(,"c)" + std::to_string(i) + '"';
  auto exchange = api.Begin("broadcast", R"({"data":1,"channels":[)" + channels + "]}");
  // The other loop, which owns half of the channels, does not run: that is a slow broker.
  for (int i = 0; i < 3; ++i) api.loop(0).RunOnce(Milliseconds(0));
  EXPECT_FALSE(MethodsFixture::ReplyOf(*exchange));
  exchange.reset();
  for (int i = 0; i < 4 * kChannels; ++i) api.Turn();
  for (int i = 0; i < kChannels; ++i) {
    EXPECT_EQ(api.Post("history", R"({"channel":"c)" + std::to_string(i) + "\"}"),
              Ok(R"({"publications":[],"epoch":"EPOCH","offset":1})"));
  }
}

TEST(Api, CountsCommandsAndErrorsByMethod) {
  MethodsFixture api;
  api.Post("publish", R"({"channel":"a","data":1})");
  api.Post("batch", R"({"commands":[{"publish":{"channel":"nons:a","data":1}},{"info":{}}]})");
  const std::string text = api.registry.Text();
  EXPECT_NE(text.find("tidemill_api_command_duration_seconds_count{method=\"publish\"} 2\n"),
            std::string::npos);
  EXPECT_NE(text.find("tidemill_api_command_duration_seconds_count{method=\"info\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("tidemill_api_command_errors_total{method=\"publish\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("tidemill_api_command_errors_total{method=\"info\"} 0\n"), std::string::npos);
}

TEST(Api, FollowsAReload) {
  MethodsFixture api;
  MethodsFixture::Settings settings = MethodsFixture::DefaultSettings();
  channels::ChannelSettings channels = settings.rules->settings();
  channels.namespaces["nons"] = {};
  settings.rules = *channels::Rules::Make(std::move(channels));
  settings.http_api.keys = {{"new"}};
  api.Reload(settings);
  const char* body = R"({"channel":"nons:a","data":1})";
  EXPECT_EQ(api.Post("publish", body).status, 401);
  EXPECT_EQ(api.PostWith("publish", body, {{"X-API-Key", "new"}}), Ok("{}"));
}

TEST(Api, AnAnswerOverTheLimitIsRefusedBeforeItIsMade) {
  MethodsFixture api;
  for (int i = 0; i < 5; ++i) {
    api.Publish(
        {.channel = "a", .data = '"' + std::string(100'000, 'x') + '"', .form = broker::DataForm::kJson});
    api.AddPresence("a", {.user = "u", .client = std::to_string(i), .conn_info = std::string(100'000, '1')});
  }
  MethodsFixture::Settings settings = MethodsFixture::DefaultSettings();
  settings.http_api.answer_max_size = 350'000;
  api.Reload(settings);
  const std::string too_large =
      R"({"code":106,"message":"limit exceeded: the answer is over http_api.answer_max_size"})";
  for (const char* method : {"history", "presence"}) {
    EXPECT_EQ(api.Post(method, R"({"channel":"a","limit":-1})").body, R"({"error":)" + too_large + "}")
        << method;
  }
  const std::string one = R"({"history":{"channel":"a","limit":1}})";
  const std::string batch = api.Post("batch", R"({"commands":[)" + one + "," + one + "]}").body;
  EXPECT_GT(batch.size(), 200'000u);
  EXPECT_FALSE(batch.contains("error"));
  api.Post("batch", R"({"commands":[)" + one + "," + one + "," + one + "," + one + "]}");
  EXPECT_TRUE(api.registry.Text().contains("tidemill_api_answers_refused_total 3\n"));
}

}  // namespace
}  // namespace tidemill::methods
