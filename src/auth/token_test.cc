#include "auth/token.h"

#include <gtest/gtest.h>

#include "auth/testing/run_now.h"
#include "auth/testing/signer.h"

namespace tidemill::auth {
namespace {

using testing::HmacToken;
using testing::RunNow;
using testing::Signer;

constexpr std::int64_t kNow = 1'700'000'000;  // where ManualClock starts

class TokenVerifierTest : public ::testing::Test {
 protected:
  std::unique_ptr<TokenVerifier> Make(auth::TokenSettings token, bool skip_signature = false) {
    auto made = MakeTokenVerifier(
        {.token = std::move(token), .skip_signature = skip_signature, .clock = &clock_}, nullptr);
    if (!made) ADD_FAILURE() << made.error().detail;
    return std::move(made).value_or(nullptr);
  }

  static auth::TokenSettings Secret(std::string secret = "secret") {
    auth::TokenSettings token;
    token.hmac_secret_key = {std::move(secret)};
    return token;
  }

  static Errc ConnectError(TokenVerifier& verifier, const std::string& token) {
    const auto result = RunNow(verifier.VerifyConnect(token));
    return result ? Errc::kInternal : result.error().code;
  }
  static bool Connects(TokenVerifier& verifier, const std::string& token) {
    return RunNow(verifier.VerifyConnect(token)).has_value();
  }

  ManualClock clock_;
};

TEST_F(TokenVerifierTest, GivesWhatAConnectTokenSays) {
  const auto verifier = Make(Secret());
  const std::string claims =
      R"({"sub":"42","exp":1700000100,"info":{"a":1},"meta":{"b":2},"channels":["ignored"],
          "subs":{"news":{"info":{"c":3},"override":{"presence":{"value":true}}}}})";
  const auto token = RunNow(verifier->VerifyConnect(SignHs256(claims, "secret")));
  ASSERT_TRUE(token) << token.error().detail;
  EXPECT_EQ(token->user, "42");
  EXPECT_EQ(token->expire_at, 1700000100);
  EXPECT_EQ(token->info, R"({"a":1})");
  EXPECT_EQ(token->meta, R"({"b":2})");
  EXPECT_EQ(token->claims, claims);
  ASSERT_EQ(token->subs.size(), 1u) << "subs wins over channels";
  EXPECT_EQ(token->subs.at("news").info, R"({"c":3})");
  EXPECT_EQ(token->subs.at("news").overrides.presence, true);
}

TEST_F(TokenVerifierTest, ChannelsAreSubscriptionsWithoutOptions) {
  const auto verifier = Make(Secret());
  for (const char* subs : {"", R"(,"subs":{})", R"(,"subs":null)"}) {
    const auto token = RunNow(verifier->VerifyConnect(
        SignHs256(R"({"channels":["a","b","a"])" + std::string(subs) + "}", "secret")));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->user, "");
    EXPECT_EQ(token->expire_at, 0);
    ASSERT_EQ(token->subs.size(), 2u);
    EXPECT_EQ(token->subs.at("a"), TokenSubscription{});
  }
}

TEST_F(TokenVerifierTest, GivesWhatASubscribeTokenSays) {
  const auto verifier = Make(Secret());
  const std::string claims =
      R"({"sub":"42","channel":"$chat","client":"c1","expire_at":1700000500,"b64info":"aGk=","data":[1],
          "override":{"force_recovery":{"value":true}}})";
  const auto token = RunNow(verifier->VerifySubscribe(SignHs256(claims, "secret")));
  ASSERT_TRUE(token) << token.error().detail;
  EXPECT_EQ(token->user, "42");
  EXPECT_EQ(token->channel, "$chat");
  EXPECT_EQ(token->client, "c1");
  EXPECT_EQ(token->expire_at, 1700000500);
  EXPECT_EQ(token->info, "hi");
  EXPECT_EQ(token->data, "[1]");
  EXPECT_EQ(token->overrides.force_recovery, true);
  EXPECT_EQ(token->claims, claims);
}

TEST_F(TokenVerifierTest, OneKindOfTokenIsNotTheOther) {
  const auto verifier = Make(Secret());
  const std::string connect = SignHs256(R"({"sub":"42"})", "secret");
  const std::string subscribe = SignHs256(R"({"sub":"42","channel":"news"})", "secret");
  EXPECT_TRUE(Connects(*verifier, connect));
  EXPECT_EQ(ConnectError(*verifier, subscribe), Errc::kUnauthenticated);
  EXPECT_TRUE(RunNow(verifier->VerifySubscribe(subscribe)));
  const auto refused = RunNow(verifier->VerifySubscribe(connect));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kUnauthenticated);
}

TEST_F(TokenVerifierTest, ExpireAtWinsOverExp) {
  const auto verifier = Make(Secret());
  struct Case {
    const char* claims;
    std::int64_t expire_at;
  };
  const Case cases[] = {
      {"{}", 0},
      {R"({"exp":1700000100})", 1700000100},
      {R"({"exp":1700000100.9})", 1700000100},
      {R"({"exp":1700000100,"expire_at":1700000900})", 1700000900},
      {R"({"exp":1700000100,"expire_at":0})", 0},
      {R"({"exp":1700000100,"expire_at":-5})", 0},
      {R"({"expire_at":1})", 1},
      {R"({"exp":1e300})", 253402300799},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.claims);
    const auto token = RunNow(verifier->VerifyConnect(SignHs256(c.claims, "secret")));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->expire_at, c.expire_at);
  }
}

TEST_F(TokenVerifierTest, TimesCountToTheSecondWithLeeway) {
  struct Case {
    const char* name;
    std::int64_t leeway_s, exp, nbf;
    bool good;
  };
  const Case cases[] = {
      {"exp ahead", 0, kNow + 1, 0, true},
      {"exp now", 0, kNow, 0, false},
      {"exp behind", 0, kNow - 1, 0, false},
      {"exp zero", 0, 0, 0, false},
      {"exp negative", 0, -1, 0, false},
      {"exp within leeway", 10, kNow - 9, 0, true},
      {"exp at the end of leeway", 10, kNow - 10, 0, false},
      {"nbf now", 0, kNow + 9, kNow, true},
      {"nbf ahead", 0, kNow + 9, kNow + 1, false},
      {"nbf within leeway", 10, kNow + 99, kNow + 10, true},
      {"nbf beyond leeway", 10, kNow + 99, kNow + 11, false},
      {"largest leeway", 60, kNow - 59, 0, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auth::TokenSettings settings = Secret();
    settings.leeway = Seconds(c.leeway_s);
    const auto verifier = Make(settings);
    const std::string claims = R"({"exp":)" + std::to_string(c.exp) + R"(,"nbf":)" + std::to_string(c.nbf) +
                               R"(,"iat":99999999999})";
    const auto result = RunNow(verifier->VerifyConnect(SignHs256(claims, "secret")));
    EXPECT_EQ(result.has_value(), c.good);
    if (!result) EXPECT_EQ(result.error().code, Errc::kExpired);
    if (result) EXPECT_GT(result->expire_at, kNow) << "what is good now has not expired now";
    // Whoever cannot sign learns nothing of the times.
    EXPECT_EQ(ConnectError(*verifier, SignHs256(claims, "wrong")), Errc::kUnauthenticated);
  }
}

TEST_F(TokenVerifierTest, WhatATokenGrantsLastsAsLongAsTheTokenIsGood) {
  auth::TokenSettings settings = Secret();
  settings.leeway = Milliseconds(9'001);
  const auto verifier = Make(settings);
  const std::pair<const char*, std::int64_t> cases[] = {
      {R"({"exp":1700000100})", 1700000110},
      {R"({"exp":1700000100,"expire_at":1700000900})", 1700000910},
      {R"({"expire_at":1699999999})", 1700000009},
      {R"({"exp":1700000100,"expire_at":0})", 0},
      {R"({"expire_at":-5})", 0},
      {"{}", 0},
  };
  for (const auto& [claims, expire_at] : cases) {
    SCOPED_TRACE(claims);
    const auto token = RunNow(verifier->VerifyConnect(SignHs256(claims, "secret")));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->expire_at, expire_at);
  }
}

TEST_F(TokenVerifierTest, AudienceAndIssuerMustAgree) {
  auth::TokenSettings settings = Secret();
  settings.audience = "us";
  settings.issuer = "idp";
  const auto verifier = Make(settings);
  const char* good[] = {R"({"iss":"idp","aud":"us"})", R"({"iss":"idp","aud":["them","us"]})"};
  const char* bad[] = {"{}",
                       R"({"iss":"idp"})",
                       R"({"aud":"us"})",
                       R"({"iss":"idp","aud":"US"})",
                       R"({"iss":"idp","aud":"us "})",
                       R"({"iss":"idp","aud":""})",
                       R"({"iss":"idp","aud":[]})",
                       R"({"iss":"idp","aud":["u","s"]})",
                       R"({"iss":"idp/","aud":"us"})",
                       R"({"iss":"","aud":"us"})",
                       R"({"iss":"other","aud":"us","exp":1})"};
  for (const char* claims : good) EXPECT_TRUE(Connects(*verifier, SignHs256(claims, "secret"))) << claims;
  for (const char* claims : bad) {
    EXPECT_EQ(ConnectError(*verifier, SignHs256(claims, "secret")), Errc::kUnauthenticated) << claims;
  }
}

TEST_F(TokenVerifierTest, ThePreviousSecretServesUntilItsEnd) {
  auth::TokenSettings settings = Secret("new");
  settings.hmac_previous_secret_key = {"old"};
  settings.hmac_previous_secret_key_valid_until = kNow + 10;
  const auto verifier = Make(settings);
  EXPECT_TRUE(Connects(*verifier, SignHs256("{}", "new")));
  EXPECT_TRUE(Connects(*verifier, SignHs256("{}", "old")));
  EXPECT_FALSE(Connects(*verifier, SignHs256("{}", "older")));
  clock_.Advance(Seconds(10));
  EXPECT_TRUE(Connects(*verifier, SignHs256("{}", "old")));
  clock_.Advance(Seconds(1));
  EXPECT_FALSE(Connects(*verifier, SignHs256("{}", "old")));
  EXPECT_TRUE(Connects(*verifier, SignHs256("{}", "new")));

  settings.hmac_previous_secret_key_valid_until = 0;
  EXPECT_TRUE(Connects(*Make(settings), SignHs256("{}", "old"))) << "no end";
}

TEST_F(TokenVerifierTest, EveryAlgorithmServesWithItsKey) {
  const Signer rsa = Signer::Generate(Algorithm::kRs256);
  const Signer ed25519 = Signer::Generate(Algorithm::kEdDsa);
  for (const Algorithm curve : {Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEs512}) {
    const Signer ecdsa = Signer::Generate(curve);
    auth::TokenSettings settings = Secret();
    settings.rsa_public_key = rsa.PublicPem();
    settings.ecdsa_public_key = ecdsa.PublicPem();
    settings.ed25519_public_key = ed25519.PublicPem();
    const auto verifier = Make(settings);
    EXPECT_TRUE(Connects(*verifier, ecdsa.Token(R"({"sub":"1"})"))) << Name(curve);
    EXPECT_TRUE(Connects(*verifier, ed25519.Token(R"({"sub":"1"})")));
    for (const Algorithm hash : {Algorithm::kRs256, Algorithm::kRs384, Algorithm::kRs512, Algorithm::kPs256,
                                 Algorithm::kPs384, Algorithm::kPs512}) {
      EXPECT_TRUE(Connects(*verifier, rsa.With(hash).Token(R"({"sub":"1"})"))) << Name(hash);
    }
    for (const char* name : {"HS256", "HS384", "HS512"}) {
      const std::string header = R"({"alg":")" + std::string(name) + R"("})";
      EXPECT_TRUE(Connects(*verifier, HmacToken(header, "{}", "secret"))) << name;
      EXPECT_FALSE(Connects(*verifier, HmacToken(header, "{}", "Secret"))) << name;
    }
    for (const Algorithm other : {Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEs512}) {
      if (other != curve)
        EXPECT_FALSE(Connects(*verifier, Signer::Generate(other).Token("{}"))) << Name(other);
    }
    EXPECT_FALSE(Connects(*verifier, Signer::Generate(curve).Token("{}"))) << "another key of the same curve";
  }
}

TEST_F(TokenVerifierTest, WithoutAKeyEverythingIsRefused) {
  const auto verifier = Make({});
  EXPECT_EQ(ConnectError(*verifier, SignHs256("{}", "secret")), Errc::kUnauthenticated);
  EXPECT_EQ(ConnectError(*verifier, SignHs256("{}", "")), Errc::kUnauthenticated);
  EXPECT_EQ(ConnectError(*verifier, Signer::Generate(Algorithm::kEs256).Token("{}")), Errc::kUnauthenticated);
}

TEST_F(TokenVerifierTest, SkippingTheSignatureSkipsNothingElse) {
  const auto verifier = Make(Secret(), true);
  EXPECT_TRUE(Connects(*verifier, SignHs256("{}", "wrong")));
  EXPECT_TRUE(Connects(*verifier, testing::Compact(R"({"alg":"none"})", "{}", "")));
  EXPECT_EQ(ConnectError(*verifier, testing::Compact(R"({"alg":"none"})", R"({"exp":1})", "")),
            Errc::kExpired);
  EXPECT_EQ(ConnectError(*verifier, testing::Compact(R"({"alg":"none"})", "[]", "")), Errc::kUnauthenticated);
  EXPECT_EQ(ConnectError(*verifier, testing::Compact(R"({"crit":["x"],"alg":"none"})", "{}", "")),
            Errc::kUnauthenticated);
  EXPECT_EQ(ConnectError(*verifier, "e30.e30"), Errc::kUnauthenticated);
}

TEST(MakeTokenVerifier, NamesTheSettingThatCannotBeUsed) {
  const std::string ecdsa = Signer::Generate(Algorithm::kEs256).PublicPem();
  const std::string weak = Signer::Generate(Algorithm::kRs256, 1024).PublicPem();
  struct Case {
    const char* setting;
    auth::TokenSettings token;
  };
  std::vector<Case> cases;
  const auto add = [&cases](const char* setting) -> auth::TokenSettings& {
    return cases.emplace_back(Case{setting, {}}).token;
  };
  add("hmac_secret_key").hmac_secret_key = {ecdsa};
  add("hmac_secret_key").hmac_secret_key = {"\n " + ecdsa};
  add("hmac_previous_secret_key").hmac_previous_secret_key = {ecdsa};
  add("rsa_public_key").rsa_public_key = ecdsa;
  add("rsa_public_key").rsa_public_key = weak;
  add("rsa_public_key").rsa_public_key = "secret";
  add("ecdsa_public_key").ecdsa_public_key = weak;
  add("ed25519_public_key").ed25519_public_key = ecdsa;
  add("user_id_claim").user_id_claim = "exp";
  add("user_id_claim").user_id_claim = "channel";
  for (const Case& c : cases) {
    SCOPED_TRACE(c.setting);
    const auto made = MakeTokenVerifier({.token = c.token}, nullptr);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::kInvalidArgument);
    EXPECT_TRUE(made.error().detail.starts_with(std::string(c.setting) + ": ")) << made.error().detail;
    EXPECT_FALSE(made.error().detail.contains("BEGIN PUBLIC KEY-----\nM")) << "no key in what is logged";
  }
}

// With a key of its own beside settings that would refuse each of its tokens.
class OwnKeyTest : public TokenVerifierTest {
 protected:
  OwnKeyTest() {
    auth::TokenSettings settings = Secret("configured");
    settings.issuer = "https://issuer.example";
    settings.audience = "somebody";
    settings.user_id_claim = "id";
    auto made = MakeTokenVerifier({.token = settings, .clock = &clock_, .own_key = &own_}, nullptr);
    if (!made) ADD_FAILURE() << made.error().detail;
    verifier_ = *std::move(made);
  }

  OwnKey own_;
  std::unique_ptr<TokenVerifier> verifier_;
};

TEST_F(OwnKeyTest, ItsTokensConnectWhateverIsConfigured) {
  const std::string claims = R"({"sub":"7","role":"admin","exp":1700000100,"jti":"s.1"})";
  const std::string token = SignHs256(claims, "own secret", kOwnKeyId);
  EXPECT_EQ(ConnectError(*verifier_, token), Errc::kUnavailable) << "the key is not known yet";
  own_.Set("own secret");
  const auto verified = RunNow(verifier_->VerifyConnect(token));
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->user, "7");
  EXPECT_EQ(verified->claims, claims);
  EXPECT_EQ(verified->mark.id, "s.1");
  clock_.Advance(Seconds(100));
  EXPECT_EQ(ConnectError(*verifier_, token), Errc::kExpired);
  own_.Set("another secret");
  EXPECT_EQ(ConnectError(*verifier_, token), Errc::kUnauthenticated);
}

TEST_F(OwnKeyTest, NoKeyStandsInForAnother) {
  own_.Set("own secret");
  const std::string claims = R"({"sub":"7","id":"7","iss":"https://issuer.example","aud":"somebody"})";
  EXPECT_TRUE(Connects(*verifier_, SignHs256(claims, "configured")));
  EXPECT_EQ(ConnectError(*verifier_, SignHs256(claims, "configured", kOwnKeyId)), Errc::kUnauthenticated);
  EXPECT_EQ(ConnectError(*verifier_, SignHs256(claims, "own secret")), Errc::kUnauthenticated);
  EXPECT_EQ(ConnectError(*verifier_, SignHs256(claims, "own secret", "another")), Errc::kUnauthenticated);
}

TEST_F(OwnKeyTest, SubscriptionsAreNotGrantedByIt) {
  own_.Set("own secret");
  const auto token =
      RunNow(verifier_->VerifySubscribe(SignHs256(R"({"sub":"7","channel":"a"})", "own secret", kOwnKeyId)));
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, Errc::kUnauthenticated);
}

TEST_F(TokenVerifierTest, WithoutAKeyOfOurOwnItsIdIsAsAnyOther) {
  EXPECT_TRUE(Connects(*Make(Secret()), SignHs256(R"({"sub":"7"})", "secret", kOwnKeyId)));
}

}  // namespace
}  // namespace tidemill::auth
