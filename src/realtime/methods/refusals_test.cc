// What the methods refuse, whatever they are asked to do.
#include <gtest/gtest.h>

#include "realtime/methods/testing/methods_fixture.h"

namespace tidemill::methods {
namespace {

using api::testing::Reply;
using testing::MethodsFixture;

Reply Refused(const std::string& why) {
  return {200, R"({"error":{"code":107,"message":")" + why + R"("}})"};
}
const Reply kDone{200, R"({"result":{}})"};

// A misspelt field would make these do more than was meant: to everybody, to all channels, for ever.
TEST(Refusals, WhatActsOnConnectionsRefusesWhatItDoesNotKnow) {
  struct Case {
    const char* method;
    const char* body;
    const char* why;  // null: it is done
  };
  const char* const no_user = R"(no user: \"user\":\"\" is the anonymous one)";
  const Case cases[] = {
      {"disconnect", "{}", no_user},
      {"unsubscribe", "{}", no_user},
      {"refresh", "{}", no_user},
      {"subscribe", R"({"channel":"a"})", no_user},
      {"disconnect", R"({"user":null})", no_user},
      {"disconnect", R"({"whitelist":["c"]})", no_user},
      {"disconnect", R"({"client":"","session":""})", no_user},
      {"disconnect", R"({"user":""})", nullptr},
      {"disconnect", R"({"client":"c"})", nullptr},
      {"unsubscribe", R"({"session":"s","channel":"a"})", nullptr},
      {"disconnect", R"({"usr":"u"})", R"(unknown field \"usr\": did you mean \"user\"?)"},
      {"disconnect", R"({"User":"u"})", R"(unknown field \"User\": did you mean \"user\"?)"},
      {"disconnect", R"({"user":"u","clients":"c"})",
       R"(unknown field \"clients\": did you mean \"client\"?)"},
      {"disconnect", R"({"user":"u","white_list":["c"]})",
       R"(unknown field \"white_list\": did you mean \"whitelist\"?)"},
      {"disconnect", R"({"user":"u","disconnect":{"cod":4000}})",
       R"(unknown field \"disconnect.cod\": did you mean \"disconnect.code\"?)"},
      {"disconnect", R"({"user":"u","code":4000})",
       R"(unknown field \"code\": did you mean \"disconnect.code\"?)"},
      {"unsubscribe", R"({"user":"u","chanel":"a"})",
       R"(unknown field \"chanel\": did you mean \"channel\"?)"},
      {"unsubscribe", R"({"user":"u","channels":["a"]})",
       R"(unknown field \"channels\": did you mean \"channel\"?)"},
      {"unsubscribe", R"({"user":"u","label_filter":{}})",
       R"(unknown field \"label_filter\"; known are user, client, session, channel)"},
      {"subscribe", R"({"user":"u","channel":"a","expires_at":9})",
       R"(unknown field \"expires_at\": did you mean \"expire_at\"?)"},
      {"refresh", R"({"user":"u","expire":true})", R"(unknown field \"expire\": did you mean \"expired\"?)"},
      {"refresh", R"({"user":"u","":1})",
       R"(unknown field \"\"; known are user, client, session, expired, expire_at, info)"},
  };
  MethodsFixture api;
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + c.body);
    const std::string text = c.why ? "bad request: " + std::string(c.why) : "";
    EXPECT_EQ(api.Post(c.method, c.body), c.why ? Refused(text) : kDone);
    EXPECT_EQ(std::exchange(api.directory.asked, {}).size(), c.why ? 0u : 1u);
    const std::string command = R"({"commands":[{")" + std::string(c.method) + "\":" + c.body + "}]}";
    EXPECT_EQ(api.Post("batch", command).body.contains(text), true);
    EXPECT_EQ(std::exchange(api.directory.asked, {}).size(), c.why ? 0u : 1u);
  }
  const std::string long_name = R"({"user":"u",")" + std::string(100'000, 'x') + R"(":1})";
  EXPECT_LT(api.Post("disconnect", long_name).body.size(), 300u);
}

TEST(Refusals, BoundsTheCommandsOfOneRequestInEveryForm) {
  struct Form {
    const char* path;
    std::string begin, command, separator, end;
  };
  const Form forms[] = {
      {"batch", R"({"commands":[)", R"({"publish":{"channel":"plain:a","data":1}})", ",", "]}"},
      {"", "", R"({"method":"publish","params":{"channel":"plain:a","data":1}})", "\n", ""},
  };
  MethodsFixture api;
  for (const Form& form : forms) {
    SCOPED_TRACE(form.path);
    std::string body = form.begin + form.command;
    for (int i = 1; i < 10'000; ++i) body += form.separator + form.command;
    EXPECT_EQ(api.Post(form.path, body + form.end).status, 200);
    api.published.clear();
    const Reply refused = api.Post(form.path, body + form.separator + form.command + form.end);
    EXPECT_EQ(refused, (Reply{413, "more than 10000 commands"}));
    EXPECT_TRUE(api.published.empty()) << "all or nothing";
  }
}

}  // namespace
}  // namespace tidemill::methods
