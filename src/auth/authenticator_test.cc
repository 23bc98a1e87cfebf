#include "auth/authenticator.h"

#include <gtest/gtest.h>

#include "auth/api_key_authenticator.h"
#include "auth/testing/run_now.h"
#include "auth/token_authenticator.h"
#include "base/assert.h"

namespace tidemill::auth {
namespace {

using testing::RunNow;
using Kind = Caller::Kind;
using Headers = std::vector<http::HeaderView>;

http::Request Make(Headers headers, std::string_view query = "") {
  http::Request request;
  request.headers = std::move(headers);
  request.query = query;
  return request;
}

std::shared_ptr<Authenticator> MakeForKeys(const std::vector<config::Secret>& keys) {
  return std::make_shared<ApiKeyAuthenticator>(keys);
}

const Caller kService{.kind = Kind::kApiKey, .user = "", .claims = ""};

class TokenAuthenticatorTest : public ::testing::Test {
 protected:
  // Accepts what is signed with "secret".
  std::shared_ptr<Authenticator> MakeForTokens() const {
    auth::TokenSettings settings;
    settings.hmac_secret_key = {"secret"};
    auto verifier = MakeTokenVerifier({.token = std::move(settings), .clock = &clock_}, nullptr);
    TM_ASSERT(verifier.has_value());
    return MakeTokenAuthenticator(*std::move(verifier), clock_);
  }

  static std::string Bearer(std::string_view claims, std::string_view secret = "secret") {
    return "Bearer " + SignHs256(claims, secret);
  }

  ManualClock clock_;  // at 1,700,000,000 s
};

TEST(ApiKeyAuthenticator, AdmitsExactlyTheKeysGiven) {
  struct Case {
    const char* name;
    Headers headers;
    const char* query;
    bool has_credentials;
    bool admitted;
  };
  const Case cases[] = {
      {"header", {{"X-API-Key", "k"}}, "", true, true},
      {"the other key", {{"x-api-key", "second"}}, "", true, true},
      {"wrong key", {{"X-API-Key", "K"}}, "", true, false},
      {"empty key", {{"X-API-Key", ""}}, "", true, false},
      {"authorization", {{"Authorization", "apikey k"}}, "", true, true},
      {"scheme in capitals", {{"Authorization", "ApiKey k"}}, "", true, true},
      {"wrong in authorization", {{"Authorization", "apikey l"}}, "", true, false},
      {"scheme without a key", {{"Authorization", "apikey "}}, "", false, false},
      {"another scheme", {{"Authorization", "Bearer k"}}, "", false, false},
      {"no scheme", {{"Authorization", "k"}}, "", false, false},
      {"query", {}, "a=b&api_key=%6b", true, true},
      {"wrong in the query", {}, "api_key=l", true, false},
      {"query after another scheme", {{"Authorization", "Bearer k"}}, "api_key=k", true, true},
      {"the header goes first",
       {{"X-API-Key", "l"}, {"Authorization", "apikey k"}},
       "api_key=k",
       true,
       false},
      {"authorization goes before the query", {{"Authorization", "apikey l"}}, "api_key=k", true, false},
      {"nothing", {}, "", false, false},
  };
  const auto authenticator = MakeForKeys({{"k"}, {"second"}});
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const http::Request request = Make(c.headers, c.query);
    EXPECT_EQ(authenticator->HasCredentials(request), c.has_credentials);
    const auto caller = RunNow(authenticator->Authenticate(request));
    ASSERT_EQ(caller.has_value(), c.admitted);
    if (caller) {
      EXPECT_EQ(*caller, kService);
    } else {
      EXPECT_EQ(caller.error().code, Errc::kUnauthenticated);
    }
  }
}

TEST(ApiKeyAuthenticator, RemembersTheKeyItAdmittedLastAndNoOther) {
  const auto authenticator = MakeForKeys({{"one"}, {"two"}});
  const auto admits = [&authenticator](std::string_view key) {
    return RunNow(authenticator->Authenticate(Make({{"X-API-Key", key}}))).has_value();
  };
  for (const char* key : {"one", "one", "two", "one", "two", "two"}) EXPECT_TRUE(admits(key)) << key;
  for (const char* key : {"twp", "tw", "twoo", "", "three"}) EXPECT_FALSE(admits(key)) << key;
  EXPECT_TRUE(admits("two"));
}

TEST(ApiKeyAuthenticator, WithoutKeysNobodyIsAdmitted) {
  for (const std::vector<config::Secret>& keys : {std::vector<config::Secret>{}, {{""}}}) {
    const auto authenticator = MakeForKeys(keys);
    for (const char* key : {"", "k"}) {
      EXPECT_FALSE(RunNow(authenticator->Authenticate(Make({{"X-API-Key", key}}))));
    }
  }
}

TEST_F(TokenAuthenticatorTest, GivesTheUserAndAllClaims) {
  const auto authenticator = MakeForTokens();
  const std::string claims = R"({ "sub":"42", "exp":1700000100,"role":{"admin":true} })";
  const std::string header = Bearer(claims);
  const std::string spaced = "bearer   " + header.substr(7);
  for (const std::string& value : {header, spaced}) {
    const http::Request request = Make({{"Authorization", value}});
    EXPECT_TRUE(authenticator->HasCredentials(request));
    const auto caller = RunNow(authenticator->Authenticate(request));
    ASSERT_TRUE(caller) << caller.error().detail;
    const Caller expected{.kind = Kind::kToken, .user = "42", .expire_at = 1700000100, .claims = claims};
    EXPECT_EQ(*caller, expected);
  }
}

TEST_F(TokenAuthenticatorTest, RefusesWhatIsMissingWrongOrOld) {
  struct Case {
    const char* name;
    std::string authorization;
    bool has_credentials;
    Errc error;
  };
  const Case cases[] = {
      {"nothing", "", false, Errc::kUnauthenticated},
      {"another scheme", "Basic dTpw", false, Errc::kUnauthenticated},
      {"no scheme", Bearer("{}").substr(7), false, Errc::kUnauthenticated},
      {"an empty token", "Bearer ", true, Errc::kUnauthenticated},
      {"not a token", "Bearer abc", true, Errc::kUnauthenticated},
      {"another secret", Bearer(R"({"sub":"42"})", "other"), true, Errc::kUnauthenticated},
      {"of a subscription", Bearer(R"({"sub":"42","channel":"a"})"), true, Errc::kUnauthenticated},
      {"expired", Bearer(R"({"sub":"42","exp":1699999999})"), true, Errc::kExpired},
  };
  const auto authenticator = MakeForTokens();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const http::Request request =
        Make(c.authorization.empty() ? Headers{} : Headers{{"Authorization", c.authorization}});
    EXPECT_EQ(authenticator->HasCredentials(request), c.has_credentials);
    const auto caller = RunNow(authenticator->Authenticate(request));
    ASSERT_FALSE(caller);
    EXPECT_EQ(caller.error().code, c.error);
    EXPECT_EQ(RefusalOf(caller.error(), *authenticator).status, 401);
  }
}

TEST_F(TokenAuthenticatorTest, ATokenThatWasGoodIsRefusedOnceItHasExpired) {
  const auto authenticator = MakeForTokens();
  const std::string header = Bearer(R"({"sub":"42","exp":1700000005})");
  const http::Request request = Make({{"Authorization", header}});
  EXPECT_TRUE(RunNow(authenticator->Authenticate(request)));
  clock_.Advance(Milliseconds(4999));
  EXPECT_TRUE(RunNow(authenticator->Authenticate(request)));
  clock_.Advance(Milliseconds(1));
  const auto caller = RunNow(authenticator->Authenticate(request));
  ASSERT_FALSE(caller);
  EXPECT_EQ(caller.error().code, Errc::kExpired);
}

TEST_F(TokenAuthenticatorTest, ARevokedTokenIsRefusedAlthoughItIsKnown) {
  auth::TokenSettings settings;
  settings.hmac_secret_key = {"secret"};
  std::string revoked;
  const auto authenticator =
      MakeTokenAuthenticator(*MakeTokenVerifier({.token = settings, .clock = &clock_}, nullptr), clock_,
                             [&revoked](const Caller& caller) { return caller.token.id == revoked; });
  const std::string header = Bearer(R"({"sub":"42","jti":"t"})");
  const http::Request request = Make({{"Authorization", header}});
  EXPECT_EQ(RunNow(authenticator->Authenticate(request))->token.id, "t");
  revoked = "t";
  const auto caller = RunNow(authenticator->Authenticate(request));
  ASSERT_FALSE(caller);
  EXPECT_EQ(caller.error().code, Errc::kUnauthenticated);
}

TEST_F(TokenAuthenticatorTest, OneByteMoreOrLessIsAnotherToken) {
  const auto authenticator = MakeForTokens();
  const std::string header = Bearer(R"({"sub":"42"})");
  const auto admits = [&](std::string_view value) {
    return RunNow(authenticator->Authenticate(Make({{"Authorization", value}}))).has_value();
  };
  EXPECT_TRUE(admits(header));
  EXPECT_TRUE(admits(header));
  EXPECT_FALSE(admits(header.substr(0, header.size() - 1)));
  EXPECT_FALSE(admits(header + "A"));
  std::string other = header;
  other[other.size() - 10] = other[other.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(admits(other));
  EXPECT_FALSE(admits(other));
}

using AnyAuthenticatorTest = TokenAuthenticatorTest;

TEST_F(AnyAuthenticatorTest, TheFirstWhoseCredentialsAreThereDecidesAlone) {
  const auto authenticator = MakeAnyAuthenticator({MakeForKeys({{"k"}}), MakeForTokens()});
  const std::string good = Bearer(R"({"sub":"42"})");
  const std::string bad = Bearer(R"({"sub":"42"})", "other");
  struct Case {
    const char* name;
    Headers headers;
    std::optional<Kind> caller;
  };
  const Case cases[] = {
      {"the key", {{"X-API-Key", "k"}}, Kind::kApiKey},
      {"the token", {{"Authorization", good}}, Kind::kToken},
      {"both", {{"Authorization", good}, {"X-API-Key", "k"}}, Kind::kApiKey},
      {"the key beside a wrong token", {{"Authorization", bad}, {"X-API-Key", "k"}}, Kind::kApiKey},
      {"a wrong key beside the token", {{"Authorization", good}, {"X-API-Key", "l"}}, std::nullopt},
      {"a wrong token", {{"Authorization", bad}}, std::nullopt},
      {"nothing", {}, std::nullopt},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto caller = RunNow(authenticator->Authenticate(Make(c.headers)));
    ASSERT_EQ(caller.has_value(), c.caller.has_value());
    if (caller) {
      EXPECT_EQ(caller->kind, *c.caller);
    } else {
      EXPECT_EQ(caller.error().code, Errc::kUnauthenticated);
    }
  }
  EXPECT_FALSE(authenticator->HasCredentials(Make({})));
  EXPECT_EQ(authenticator->Challenge(), "apikey, Bearer");
}

TEST(OpenAuthenticator, AsksForNothing) {
  const auto authenticator = MakeOpenAuthenticator();
  for (const Headers& headers : {Headers{}, Headers{{"X-API-Key", "k"}}}) {
    const auto caller = RunNow(authenticator->Authenticate(Make(headers)));
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller->kind, Kind::kAnyone);
  }
}

TEST(RefusalOf, SaysWhetherOtherCredentialsWouldHelp) {
  const auto authenticator = MakeForKeys({{"k"}});
  const http::Response wrong = RefusalOf({Errc::kUnauthenticated, ""}, *authenticator);
  EXPECT_EQ(wrong.status, 401);
  ASSERT_EQ(wrong.headers.size(), 1u);
  EXPECT_EQ(wrong.headers[0], (std::pair<std::string, std::string>("WWW-Authenticate", "apikey")));
  for (const Errc code : {Errc::kUnavailable, Errc::kLimitExceeded}) {
    const http::Response later = RefusalOf({code, ""}, *authenticator);
    EXPECT_EQ(later.status, 503);
    EXPECT_TRUE(later.headers.empty());
  }
  EXPECT_EQ(RefusalOf({Errc::kPermissionDenied, ""}, *authenticator).status, 403);
}

}  // namespace
}  // namespace tidemill::auth
