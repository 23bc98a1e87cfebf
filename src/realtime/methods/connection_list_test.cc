#include <gtest/gtest.h>

#include "realtime/methods/testing/methods_fixture.h"

namespace tidemill::methods {
namespace {

using api::testing::Reply;
using testing::MethodsFixture;

TEST(ConnectionList, SaysWhoIsConnected) {
  MethodsFixture api;
  api.directory.connections = {.connections = {{.client = "c1",
                                                .user = "42",
                                                .app_name = "web",
                                                .app_version = "1",
                                                .transport = "websocket",
                                                .protocol = "json",
                                                .connected_at = 1'800'000'000,
                                                .queued_bytes = 5,
                                                .subscriptions = 2,
                                                .channels = {"a", "b"},
                                                .token = {.id = "t", .issued_at = 9},
                                                .meta = R"({"x":1})"},
                                               {.client = "c2", .transport = "sse", .protocol = "json"}},
                               .has_more = true};
  EXPECT_EQ(
      api.Post("connections", R"({"user":"42","expression":""})"),
      (Reply{200,
             R"({"result":{"connections":{"c1":{"app_name":"web","app_version":"1","transport":"websocket",)"
             R"("protocol":"json","user":"42","state":{"channels":{"a":{},"b":{}},)"
             R"("connection_token":{"uid":"t","issued_at":9},"meta":{"x":1}},)"
             R"("connected_at_ms":1800000000000,"num_subs":2,"queued_bytes":5},)"
             R"("c2":{"transport":"sse","protocol":"json"}},"cursor":"c2"}})"}));
  EXPECT_EQ(api.directory.query, (control::ConnectionsQuery{.user = "42", .after = "", .limit = 1000}));
  api.directory.connections = {};
  EXPECT_EQ(api.Post("connections", R"({"limit":7,"cursor":"c2"})"),
            (Reply{200, R"({"result":{"connections":{}}})"}));
  EXPECT_EQ(api.directory.query, (control::ConnectionsQuery{.user = "", .after = "c2", .limit = 7}));
}

TEST(ConnectionList, RefusesWhatItDoesNotDo) {
  MethodsFixture api;
  for (const char* body : {R"({"expression":"user == '42'"})", R"({"limit":0})", R"({"limit":1001})"}) {
    SCOPED_TRACE(body);
    EXPECT_NE(api.Post("connections", body).body.find(R"("code":107)"), std::string::npos);
  }
}

TEST(ConnectionList, IsRefusedWhenItIsTooLarge) {
  MethodsFixture api;
  auto settings = MethodsFixture::DefaultSettings();
  settings.http_api.answer_max_size = 1024;
  api.Reload(settings);
  for (int i = 0; i < 10; ++i) api.directory.connections.connections.push_back({.client = std::to_string(i)});
  EXPECT_NE(api.Post("connections", "{}").body.find(R"("code":106)"), std::string::npos);
}

}  // namespace
}  // namespace tidemill::methods
