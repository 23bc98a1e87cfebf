#include "auth/claims.h"

#include <gtest/gtest.h>

namespace tidemill::auth {
namespace {

Claims Parse(std::string_view payload, TokenKind kind = TokenKind::kConnect,
             std::string_view user_claim = "") {
  Result<Claims> claims = ParseClaims(payload, kind, user_claim);
  if (!claims) ADD_FAILURE() << payload << ": " << claims.error().detail;
  return std::move(claims).value_or(Claims{});
}

TEST(ParseClaims, ReadsAConnectToken) {
  const Claims claims = Parse(R"({
      "sub": "42", "exp": 1700000000, "nbf": 1600000000, "iat": 1600000000, "jti": "x",
      "iss": "us", "aud": "them",
      "info": { "name" : "Ann" }, "meta": {"secret":1}, "expire_at": 1800000000,
      "channels": ["a", "b"],
      "subs": {"chat": {"info": [1], "b64data": "AAH/", "override": {
          "presence": {"value": true}, "join_leave": {"value": false}, "force_recovery": {},
          "other": {"value": 1},
          "force_positioning": null}}, "news": {}, "plain": null},
      "client": 5, "data": 6, "override": 7, "caps": [{}]})");
  EXPECT_EQ(claims.user, "42");
  EXPECT_EQ(claims.exp, 1700000000);
  EXPECT_EQ(claims.nbf, 1600000000);
  EXPECT_EQ(claims.expire_at, 1800000000);
  EXPECT_EQ(claims.issuer, "us");
  EXPECT_EQ(claims.audience, std::vector<std::string>{"them"});
  EXPECT_EQ(claims.info, R"({ "name" : "Ann" })");
  EXPECT_EQ(claims.meta, R"({"secret":1})");
  EXPECT_EQ(claims.channels, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(claims.subs.size(), 3u);
  const TokenSubscription expected{
      .info = "[1]",
      .data = std::string("\x00\x01\xff", 3),
      .overrides = {.presence = true, .join_leave = false, .force_recovery = false}};
  EXPECT_EQ(claims.subs.at("chat"), expected);
  EXPECT_EQ(claims.subs.at("news"), TokenSubscription{});
  EXPECT_EQ(claims.subs.at("plain"), TokenSubscription{});
}

TEST(ParseClaims, ReadsASubscribeToken) {
  const Claims claims =
      Parse(R"({"sub":"42","channel":"$chat","client":"c1","exp":5,"info":1,"b64info":"aGk=",
      "data":{"x":1},"override":{"force_push_join_leave":{"value":true},"force_positioning":{"value":true}},
      "channels":5,"subs":6,"meta":7})",
            TokenKind::kSubscribe);
  EXPECT_EQ(claims.user, "42");
  EXPECT_EQ(claims.channel, "$chat");
  EXPECT_EQ(claims.client, "c1");
  EXPECT_EQ(claims.info, "hi") << "base64 wins";
  EXPECT_EQ(claims.data, R"({"x":1})");
  const OptionOverrides expected{.force_positioning = true, .force_push_join_leave = true};
  EXPECT_EQ(claims.overrides, expected);
}

TEST(ParseClaims, AbsentAndNullAreTheSame) {
  for (const char* payload :
       {"{}",
        R"({"sub":null,"exp":null,"nbf":null,"iat":null,"expire_at":null,"aud":null,"iss":null,"channel":null,
                  "info":null,"b64info":null,"meta":null,"channels":null,"subs":null})"}) {
    SCOPED_TRACE(payload);
    const Claims claims = Parse(payload);
    EXPECT_EQ(claims.user, "");
    EXPECT_EQ(claims.exp, std::nullopt);
    EXPECT_EQ(claims.nbf, std::nullopt);
    EXPECT_EQ(claims.expire_at, std::nullopt);
    EXPECT_TRUE(claims.audience.empty() && claims.channels.empty() && claims.subs.empty());
    EXPECT_EQ(claims.info + claims.meta + claims.issuer + claims.channel, "");
  }
}

TEST(ParseClaims, TimesAreNumbersOfAnySize) {
  struct Case {
    const char* text;
    std::int64_t exp, nbf;
  };
  const Case cases[] = {
      {"0", 0, 0},
      {"1", 1, 1},
      {"-1", -1, -1},
      {"1.9", 1, 2},
      {"1.0", 1, 1},
      {"-1.5", -2, -1},
      {"1e9", 1000000000, 1000000000},
      {"1.7e9", 1700000000, 1700000000},
      {"253402300799", kSecondsMax, kSecondsMax},
      {"253402300800", kSecondsMax, kSecondsMax},
      {"9223372036854775807", kSecondsMax, kSecondsMax},
      {"9223372036854775808", kSecondsMax, kSecondsMax},
      {"99999999999999999999999999", kSecondsMax, kSecondsMax},
      {"1e308", kSecondsMax, kSecondsMax},
      {"-1e308", -kSecondsMax, -kSecondsMax},
      {"-9223372036854775809", -kSecondsMax, -kSecondsMax},
      {"1e-300", 0, 1},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const std::string text = c.text;
    const Claims claims = Parse(R"({"exp":)" + text + R"(,"nbf":)" + text + R"(,"expire_at":)" + text + "}");
    EXPECT_EQ(claims.exp, c.exp);
    EXPECT_EQ(claims.nbf, c.nbf);
    EXPECT_EQ(claims.expire_at, c.exp);
  }
}

TEST(ParseClaims, RefusesWrongTypesAndRepeatedClaims) {
  struct Case {
    const char* payload;
    TokenKind kind = TokenKind::kConnect;
  };
  const Case cases[] = {
      {""},
      {"null"},
      {"[]"},
      {"\"x\""},
      {"{"},
      {"{}{}"},
      {R"({"sub":"4",})"},
      {"{\"sub\":\"\xff\"}"},
      {R"({"sub":42})"},
      {R"({"sub":true})"},
      {R"({"sub":["42"]})"},
      {R"({"sub":{"a":1}})"},
      {R"({"sub":"\ud800"})"},
      {R"({"sub":"42","sub":"43"})"},
      {R"({"sub":"42","\u0073ub":"43"})"},
      {R"({"exp":"1700000000"})"},
      {R"({"exp":true})"},
      {R"({"exp":[1]})"},
      {R"({"exp":1e999})"},
      {R"({"exp":-1e999})"},
      {R"({"exp":NaN})"},
      {R"({"exp":0x10})"},
      {R"({"exp":1,"exp":9999999999})"},
      {R"({"nbf":"1"})"},
      {R"({"iat":"1"})"},
      {R"({"expire_at":"0"})"},
      {R"({"expire_at":1,"expire_at":0})"},
      {R"({"aud":5})"},
      {R"({"aud":[5]})"},
      {R"({"aud":{"a":1}})"},
      {R"({"iss":5})"},
      {R"({"iss":["us"]})"},
      {R"({"channel":5})"},
      {R"({"channel":["x"]})"},
      {R"({"b64info":5})"},
      {R"({"b64info":"a"})"},
      {R"({"b64info":"aGk"})"},
      {R"({"b64info":"aG-_"})"},
      {R"({"channels":"a"})"},
      {R"({"channels":[1]})"},
      {R"({"channels":{"a":1}})"},
      {R"({"subs":["a"]})"},
      {R"({"subs":{"a":1}})"},
      {R"({"subs":{"a":{},"a":{}}})"},
      {R"({"subs":{"a":{"override":1}}})"},
      {R"({"subs":{"a":{"override":{"presence":true}}}})"},
      {R"({"subs":{"a":{"override":{"presence":{"value":1}}}}})"},
      {R"({"subs":{"a":{"b64data":"!"}}})"},
      {R"({"client":5})", TokenKind::kSubscribe},
      {R"({"b64data":5})", TokenKind::kSubscribe},
      {R"({"override":[]})", TokenKind::kSubscribe},
      {R"({"override":{"force_recovery":{"value":"true"}}})", TokenKind::kSubscribe},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.payload);
    const Result<Claims> claims = ParseClaims(c.payload, c.kind, "");
    ASSERT_FALSE(claims);
    EXPECT_EQ(claims.error().code, Errc::kUnauthenticated);
  }
}

TEST(ParseClaims, TheUserMayBeInAnotherClaim) {
  EXPECT_EQ(Parse(R"({"sub":"42","user_id":"7"})", TokenKind::kConnect, "user_id").user, "7");
  EXPECT_EQ(Parse(R"({"user_id":-7})", TokenKind::kConnect, "user_id").user, "-7");
  EXPECT_EQ(Parse(R"({"user_id":9223372036854775807})", TokenKind::kConnect, "user_id").user,
            "9223372036854775807");
  EXPECT_EQ(Parse(R"({"sub":"42"})", TokenKind::kConnect, "user_id").user, "") << "absent is anonymous";
  EXPECT_EQ(Parse(R"({"sub":42})", TokenKind::kConnect, "user_id").user, "") << "sub is not looked at";
  for (const char* value : {"1.5", "1e3", "true", "[]", "{}", "9223372036854775808"}) {
    SCOPED_TRACE(value);
    EXPECT_FALSE(ParseClaims(R"({"user_id":)" + std::string(value) + "}", TokenKind::kConnect, "user_id"));
  }
  EXPECT_FALSE(ParseClaims(R"({"user_id":"1","user_id":"2"})", TokenKind::kConnect, "user_id"));
}

TEST(IsReservedClaim, KnowsWhatCannotHoldTheUser) {
  for (const char* name : {"exp", "nbf", "aud", "iss", "channel", "subs", "client", "expire_at"}) {
    EXPECT_TRUE(IsReservedClaim(name)) << name;
  }
  for (const char* name : {"sub", "", "user_id", "email"}) EXPECT_FALSE(IsReservedClaim(name)) << name;
}

}  // namespace
}  // namespace tidemill::auth
