#include "auth/jwk_set.h"

#include <gtest/gtest.h>

#include "auth/testing/signer.h"

namespace tidemill::auth {
namespace {

using testing::Signer;

std::string SetOf(std::initializer_list<std::string> keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) text += (text.ends_with('[') ? "" : ",") + key;
  return text + "]}";
}

TEST(ParseKeySet, GivesKeysThatVerify) {
  const Algorithm algorithms[] = {Algorithm::kRs256, Algorithm::kEs256, Algorithm::kEs384, Algorithm::kEs512,
                                  Algorithm::kEdDsa};
  for (const Algorithm algorithm : algorithms) {
    SCOPED_TRACE(Name(algorithm));
    const Signer signer = Signer::Generate(algorithm);
    const auto set = ParseKeySet(SetOf({signer.Jwk("k1")}), 10);
    ASSERT_TRUE(set) << set.error().detail;
    ASSERT_TRUE(set->keys.contains("k1"));
    EXPECT_TRUE(set->keys.at("k1")->Fits(algorithm));
    EXPECT_TRUE(set->keys.at("k1")->Verify(algorithm, "input", signer.Sign("input")));
    EXPECT_FALSE(set->keys.at("k1")->Verify(algorithm, "other", signer.Sign("input")));
  }
}

TEST(ParseKeySet, LeavesOutWhatCannotBeUsed) {
  const Signer rsa = Signer::Generate(Algorithm::kRs256);
  const Signer ecdsa = Signer::Generate(Algorithm::kEs256);
  struct Case {
    const char* name;
    std::string jwk;
    bool used;
  };
  const Case cases[] = {
      {"plain", rsa.Jwk("k"), true},
      {"use sig", rsa.Jwk("k", R"(,"use":"sig")"), true},
      {"use enc", rsa.Jwk("k", R"(,"use":"enc")"), false},
      {"use of another type", rsa.Jwk("k", R"(,"use":["sig"])"), false},
      {"key_ops verify", rsa.Jwk("k", R"(,"key_ops":["encrypt","verify"])"), true},
      {"key_ops without verify", rsa.Jwk("k", R"(,"key_ops":["encrypt"])"), false},
      {"key_ops empty", rsa.Jwk("k", R"(,"key_ops":[])"), false},
      {"key_ops of another type", rsa.Jwk("k", R"(,"key_ops":"verify")"), false},
      {"alg that fits", rsa.Jwk("k", R"(,"alg":"RS512")"), true},
      {"alg of another kind", rsa.Jwk("k", R"(,"alg":"ES256")"), false},
      {"alg of another curve", ecdsa.Jwk("k", R"(,"alg":"ES384")"), false},
      {"alg HS256 on a public key", rsa.Jwk("k", R"(,"alg":"HS256")"), false},
      {"alg none", rsa.Jwk("k", R"(,"alg":"none")"), false},
      {"alg we do not have", rsa.Jwk("k", R"(,"alg":"RSA-OAEP")"), false},
      {"alg empty", rsa.Jwk("k", R"(,"alg":"")"), false},
      {"private part", rsa.Jwk("k", R"(,"d":"AQAB")"), false},
      {"no kid", R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})", false},
      {"empty kid", rsa.Jwk(""), false},
      {"kid of 256 bytes", rsa.Jwk(std::string(256, 'k')), true},
      {"kid of 257 bytes", rsa.Jwk(std::string(257, 'k')), false},
      {"kid is a number", R"({"kid":1,"kty":"RSA"})", false},
      {"kty twice", rsa.Jwk("k", R"(,"kty":"EC")"), false},
      {"oct", R"({"kid":"k","kty":"oct","k":"c2VjcmV0"})", false},
      {"oct for HS256", R"({"kid":"k","kty":"oct","k":"c2VjcmV0","alg":"HS256","use":"sig"})", false},
      {"unknown kty", R"({"kid":"k","kty":"new"})", false},
      {"no kty", R"({"kid":"k"})", false},
      {"kty in lower case", R"({"kid":"k","kty":"rsa","n":"AQAB","e":"AQAB"})", false},
      {"weak RSA", Signer::Generate(Algorithm::kRs256, 1024).Jwk("k"), false},
      {"RSA without n", R"({"kid":"k","kty":"RSA","e":"AQAB"})", false},
      {"bad base64", R"({"kid":"k","kty":"RSA","n":"a=","e":"AQAB"})", false},
      {"EC off its curve",
       R"({"kid":"k","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                               "y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})",
       false},
      {"X25519",
       R"({"kid":"k","kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})", false},
      {"Ed448", R"({"kid":"k","kty":"OKP","crv":"Ed448","x":"11qY"})", false},
      {"x5c and others beside", rsa.Jwk("k", R"(,"x5c":["MIIB"],"x5t":"x","issuer":"us")"), true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto set = ParseKeySet(SetOf({c.jwk, ecdsa.Jwk("beside")}), 10);
    ASSERT_TRUE(set) << set.error().detail;
    EXPECT_EQ(set->keys.size(), c.used ? 2u : 1u);
    EXPECT_EQ(set->skipped, c.used ? 0u : 1u);
    EXPECT_TRUE(set->keys.contains("beside")) << "one bad key must not spoil the others";
  }
}

TEST(ParseKeySet, AKidOfTwoKeysNamesNeither) {
  const Signer rsa = Signer::Generate(Algorithm::kRs256);
  const Signer ecdsa = Signer::Generate(Algorithm::kEs256);
  const auto set = ParseKeySet(SetOf({rsa.Jwk("same"), ecdsa.Jwk("same"), ecdsa.Jwk("other")}), 10);
  ASSERT_TRUE(set);
  EXPECT_FALSE(set->keys.contains("same"));
  EXPECT_TRUE(set->keys.contains("other"));
  const auto usable_once = ParseKeySet(SetOf({rsa.Jwk("same", R"(,"use":"enc")"), ecdsa.Jwk("same")}), 10);
  ASSERT_TRUE(usable_once);
  EXPECT_TRUE(usable_once->keys.contains("same")) << "only usable keys count";
}

TEST(ParseKeySet, RefusesWhatIsNoKeySet) {
  const std::string key = Signer::Generate(Algorithm::kEs256).Jwk("k");
  for (const std::string& text :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"), key, "[" + key + "]",
        std::string("<html>not found</html>"), std::string(R"({"keys":{}})"), std::string(R"({"keys":null})"),
        std::string(R"({"keys":[1]})"), std::string(R"({"keys":[)") + key,
        std::string(R"({"keys":[],"keys":[]})"), std::string(R"({"error":"rate limited"})")}) {
    SCOPED_TRACE(text.substr(0, 60));
    const auto set = ParseKeySet(text, 10);
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().code, Errc::kInvalidArgument);
  }
  EXPECT_TRUE(ParseKeySet(R"({"keys":[]})", 10));
}

TEST(ParseKeySet, BoundsTheCount) {
  const std::string key = R"({"kty":"new"})";
  EXPECT_TRUE(ParseKeySet(SetOf({key, key}), 2));
  EXPECT_FALSE(ParseKeySet(SetOf({key, key, key}), 2));
}

}  // namespace
}  // namespace tidemill::auth
