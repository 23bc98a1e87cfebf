#include "queries/endpoint/identity.h"

#include <gtest/gtest.h>

#include "queries/endpoint/database_settings.h"

namespace tidemill::queries {
namespace {

Identity Of(std::string claims, std::string_view role_claim = "role") {
  return MakeIdentity(auth::Caller{.kind = auth::Caller::Kind::kToken, .claims = std::move(claims)},
                      role_claim);
}

int StatusFor(const files::Auth& auth, const Identity& identity) {
  const auto refused = Refuse(auth, identity);
  return refused ? refused->status : 200;
}

TEST(Identity, ReadsClaimsAndRoles) {
  const Identity one = Of(R"({"sub":"ann","role":"web","gone":null,"n":1})");
  EXPECT_TRUE(one.HasClaim("sub"));
  EXPECT_TRUE(one.HasClaim("n"));
  EXPECT_FALSE(one.HasClaim("gone"));
  EXPECT_FALSE(one.HasClaim("other"));
  EXPECT_TRUE(one.HasRole("web"));
  EXPECT_EQ(Of(R"({"role":["a",1,"b"]})").roles, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(Of(R"({"role":{"a":1}})").roles.empty());
  EXPECT_TRUE(Of(R"({"role":"web"})", "").roles.empty());
  EXPECT_TRUE(Of(R"({"role":"web")").roles.empty()) << "what is no object is not believed";
}

TEST(Identity, LetsInWhomTheFileNames) {
  const Identity nobody = MakeIdentity(std::nullopt, "role");
  const Identity service = MakeIdentity(auth::Caller{.kind = auth::Caller::Kind::kApiKey}, "role");
  const Identity web = Of(R"({"sub":"ann","role":"web"})");
  struct Case {
    const char* name;
    files::Auth auth;
    int nobody, service, web;
  };
  const Case cases[] = {
      {"none", {.required = false}, 200, 200, 200},
      {"whoever has a token", {}, 401, 200, 200},
      {"a role it has", {.roles = {"admin", "web"}}, 401, 403, 200},
      {"a role it has not", {.roles = {"admin"}}, 401, 403, 403},
      {"claims it has", {.claims = {"sub"}}, 401, 403, 200},
      {"one it has not", {.claims = {"sub", "org"}}, 401, 403, 403},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(StatusFor(c.auth, nobody), c.nobody);
    EXPECT_EQ(StatusFor(c.auth, service), c.service);
    EXPECT_EQ(StatusFor(c.auth, web), c.web);
  }
}

TEST(TextClaim, IsTextOrANumber) {
  EXPECT_EQ(TextClaim(R"({"a":"x"})", "a"), "x");
  EXPECT_EQ(TextClaim(R"({"a":12})", "a"), "12");
  EXPECT_EQ(TextClaim(R"({"a":[1]})", "a"), std::nullopt);
  EXPECT_EQ(TextClaim(R"({"a":"x","a":null})", "a"), std::nullopt);
  EXPECT_EQ(TextClaim("", "a"), std::nullopt);
}

TEST(DatabaseSettings, RunAsTheTokensRole) {
  EXPECT_EQ(RoleOf(Of(R"({"role":"web"})"), "anon"), "web");
  EXPECT_EQ(RoleOf(Of("{}"), "anon"), "anon");
  EXPECT_EQ(RoleOf(Of(R"({"role":["","web"]})"), "anon"), "web");
  for (const char* role : {R"({"role":""})", R"({"role":"none"})", R"({"role":["none"]})"}) {
    EXPECT_EQ(RoleOf(Of(role), "anon"), "anon") << role << " is not the role that we connect as";
  }
  EXPECT_EQ(RoleOf(MakeIdentity(std::nullopt, "role"), "anon"), "anon");
  EXPECT_EQ(RoleOf(MakeIdentity(auth::Caller{.kind = auth::Caller::Kind::kApiKey}, "role"), "anon"), "");
}

TEST(DatabaseSettings, SayWhatPostgrestSays) {
  http::Request request;
  request.method_name = "GET";
  request.path = "/rest/a";
  request.headers = {{"X-Test", "it's \"x\""}, {"X-Bytes", "\xff"}};
  const auto settings = DatabaseSettings(request, MakeIdentity(std::nullopt, "role"), "anon", Seconds(2));
  const sql::LocalSettings wanted = {
      {"statement_timeout", "2000"},
      {"request.method", "GET"},
      {"request.path", "/rest/a"},
      {"request.headers", "{\"x-test\":\"it's \\\"x\\\"\",\"x-bytes\":\"\xef\xbf\xbd\"}"},
      {"request.jwt.claims", R"({"role":"anon"})"},
      {"role", "anon"},
  };
  EXPECT_EQ(*settings, wanted);
}

TEST(DatabaseSettings, OfASharedAnswerSayNothingOfWhoAsksFirst) {
  http::Request request;
  request.method_name = "HEAD";
  request.path = "/rest/a";
  request.headers = {{"Authorization", "Bearer x"}, {"Cookie", "a=b"}};
  const auto of = [&request](std::string_view claims, const std::vector<std::string>& scope) {
    const Identity identity = Of(std::string(claims));
    return *SharedDatabaseSettings(request, identity, RoleOf(identity, "anon"), Seconds(2), scope);
  };
  const sql::LocalSettings wanted = {
      {"statement_timeout", "2000"},
      {"request.method", "GET"},
      {"request.path", "/rest/a"},
      {"request.headers", "{}"},
      {"request.jwt.claims", R"({"role":"web","org":{"id": 1}})"},
      {"role", "web"},
  };
  EXPECT_EQ(of(R"({"sub":"ann","org":{"id": 1},"role":["web","admin"]})", {"org"}), wanted);
  EXPECT_EQ(of(R"({"sub":"bob","role":"web","org":{"id": 1}})", {"org"}), wanted);
  EXPECT_EQ(of(R"({"role":["web","admin"],"sub":"ann"})", {"role"})[4].second, R"({"role":["web","admin"]})");
  EXPECT_EQ(of("{}", {})[4].second, R"({"role":"anon"})");
}

}  // namespace
}  // namespace tidemill::queries
