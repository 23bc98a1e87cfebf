// Tokens that somebody made to get in. The verifier under test has every kind of key configured.
#include <gtest/gtest.h>

#include "auth/testing/run_now.h"
#include "auth/testing/signer.h"
#include "auth/token.h"
#include "base/base64.h"

namespace tidemill::auth {
namespace {

using testing::Compact;
using testing::HmacToken;
using testing::RunNow;
using testing::Signer;

constexpr const char* kClaims = R"({"sub":"42"})";

std::string Url(std::string_view bytes) { return Base64Encode(bytes, Base64::kUrl); }

class HostileTokenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auth::TokenSettings token;
    token.hmac_secret_key = {"secret"};
    token.rsa_public_key = rsa_.PublicPem();
    token.ecdsa_public_key = ecdsa_.PublicPem();
    token.ed25519_public_key = ed25519_.PublicPem();
    auto made = MakeTokenVerifier({.token = token, .clock = &clock_}, nullptr);
    ASSERT_TRUE(made) << made.error().detail;
    verifier_ = *std::move(made);
    good_ = SignHs256(kClaims, "secret");
    ASSERT_TRUE(RunNow(verifier_->VerifyConnect(good_)));
  }

  void ExpectRefused(const std::string& name, const std::string& token, Errc code = Errc::kUnauthenticated) {
    SCOPED_TRACE(name);
    const auto connect = RunNow(verifier_->VerifyConnect(token));
    ASSERT_FALSE(connect);
    EXPECT_EQ(connect.error().code, code);
    const auto subscribe = RunNow(verifier_->VerifySubscribe(token));
    ASSERT_FALSE(subscribe);
    EXPECT_EQ(subscribe.error().code, code);
  }

  ManualClock clock_;
  Signer rsa_ = Signer::Generate(Algorithm::kRs256);
  Signer ecdsa_ = Signer::Generate(Algorithm::kEs256);
  Signer ed25519_ = Signer::Generate(Algorithm::kEdDsa);
  std::unique_ptr<TokenVerifier> verifier_;
  std::string good_;
};

TEST_F(HostileTokenTest, NoneIsNoAlgorithm) {
  for (const char* name : {"none", "None", "NONE", "nOnE", "", " none", "none ", "null", "unsecured"}) {
    const std::string header = R"({"alg":")" + std::string(name) + R"("})";
    ExpectRefused(header, Compact(header, kClaims, ""));
    ExpectRefused(header + " signed", HmacToken(header, kClaims, "secret"));
    ExpectRefused(header + " signed with nothing", HmacToken(header, kClaims, ""));
  }
}

TEST_F(HostileTokenTest, APublicKeyIsNoSecret) {
  for (const Signer* signer : {&rsa_, &ecdsa_, &ed25519_}) {
    const std::string pem = signer->PublicPem();
    std::string trimmed = pem;
    while (trimmed.ends_with('\n')) trimmed.pop_back();
    for (const char* name : {"HS256", "HS384", "HS512"}) {
      const std::string header = R"({"alg":")" + std::string(name) + R"("})";
      for (const std::string& secret : {pem, trimmed, "\n" + pem, " " + pem, signer->Jwk("k")}) {
        ExpectRefused(header, HmacToken(header, kClaims, secret));
      }
    }
  }
}

TEST_F(HostileTokenTest, TheAlgorithmMustBeOfTheSignature) {
  const char* names[] = {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512",
                         "ES256", "ES384", "ES512", "EdDSA", "PS256", "ES256K"};
  for (const char* name : names) {
    const std::string header = R"({"alg":")" + std::string(name) + R"("})";
    const std::string_view is = name;
    if (is != "RS256") ExpectRefused("RSA as " + header, rsa_.Token(header, kClaims));
    if (is != "ES256") ExpectRefused("ECDSA as " + header, ecdsa_.Token(header, kClaims));
    if (is != "EdDSA") ExpectRefused("Ed25519 as " + header, ed25519_.Token(header, kClaims));
    if (!is.starts_with("HS")) ExpectRefused("HMAC as " + header, HmacToken(header, kClaims, "secret"));
  }
}

TEST_F(HostileTokenTest, ForgedSignaturesAreRefused) {
  const std::string hs = R"({"alg":"HS256"})";
  const std::string es = R"({"alg":"ES256"})";
  const std::string rs = R"({"alg":"RS256"})";
  const std::string ed = R"({"alg":"EdDSA"})";
  const std::string zero(32, '\0');
  const std::string one = std::string(31, '\0') + '\1';
  const std::string order = *Base64Decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE", Base64::kUrl);
  for (const std::string& header : {hs, es, rs, ed}) {
    ExpectRefused(header + " without signature", Compact(header, kClaims, ""));
    ExpectRefused(header + " one byte", Compact(header, kClaims, "x"));
    for (const std::size_t bytes :
         std::initializer_list<std::size_t>{31, 32, 33, 48, 63, 64, 65, 96, 132, 255, 256, 257, 4096}) {
      ExpectRefused(header + " zeros", Compact(header, kClaims, std::string(bytes, '\0')));
      ExpectRefused(header + " ones", Compact(header, kClaims, std::string(bytes, '\xff')));
    }
  }
  for (const std::string& r : {zero, one, order, std::string(32, '\xff')}) {
    for (const std::string& s : {zero, one, order, std::string(32, '\xff')}) {
      ExpectRefused("ECDSA with r and s of choice", Compact(es, kClaims, r + s));
    }
  }
  ExpectRefused("ECDSA as DER of zeros",
                Compact(es, kClaims, std::string("\x30\x06\x02\x01\x00\x02\x01\x00", 8)));
  ExpectRefused("signed by another secret", SignHs256(kClaims, "secret2"));
  ExpectRefused("signed by the empty secret", SignHs256(kClaims, ""));
  ExpectRefused("signed by another RSA key", Signer::Generate(Algorithm::kRs256).Token(kClaims));
  ExpectRefused("signed by another ECDSA key", Signer::Generate(Algorithm::kEs256).Token(kClaims));
  ExpectRefused("signed by another Ed25519 key", Signer::Generate(Algorithm::kEdDsa).Token(kClaims));
}

TEST_F(HostileTokenTest, APieceOfAGoodTokenIsNoToken) {
  const std::size_t first = good_.find('.');
  const std::size_t last = good_.rfind('.');
  const std::string header = good_.substr(0, first);
  const std::string payload = good_.substr(first + 1, last - first - 1);
  const std::string signature = good_.substr(last + 1);
  const std::string other = Url(R"({"sub":"1"})");
  const std::pair<const char*, std::string> tokens[] = {
      {"payload of choice", header + "." + other + "." + signature},
      {"header of choice", Url(R"({"alg":"HS256"})") + "." + payload + "." + signature},
      {"no signature", header + "." + payload + "."},
      {"no signature, no dot", header + "." + payload},
      {"signature cut", header + "." + payload + "." + signature.substr(0, 40)},
      {"signature twice", good_ + signature},
      {"a second signature", good_ + "." + signature},
      {"token twice", good_ + "." + good_},
      {"padded", good_ + "="},
      {"blank in front", " " + good_},
      {"line feed behind", good_ + "\n"},
      {"carriage return behind", good_ + "\r\n"},
      {"NUL behind", good_ + std::string(1, '\0')},
      {"Bearer", "Bearer " + good_},
      {"quoted", "\"" + good_ + "\""},
      {"line feed inside", header + ".\n" + payload + "." + signature},
      {"parts swapped", payload + "." + header + "." + signature},
      {"empty", ""},
      {"dots", ".."},
      {"flattened JSON", R"({"protected":")" + header + R"(","payload":")" + payload + R"(","signature":")" +
                             signature + R"("})"},
      {"general JSON", R"({"payload":")" + payload + R"(","signatures":[{"protected":")" + header +
                           R"(","signature":")" + signature + R"("}]})"},
      {"upper case", Url(R"({"ALG":"HS256"})") + "." + payload + "." + signature},
  };
  for (const auto& [name, token] : tokens) ExpectRefused(name, token);
  std::string unused_bits = good_;  // 32 bytes leave two bits of the last letter unused, which must be zero
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  unused_bits.back() = letters[letters.find(unused_bits.back()) + 1];
  ExpectRefused("unused bits", unused_bits);
}

TEST_F(HostileTokenTest, HeadersCannotAskForMore) {
  const std::string headers[] = {
      R"({"alg":["HS256"]})",
      R"({"alg":{"HS256":true}})",
      R"({"alg":null})",
      R"({"alg":"HS256","alg":"none"})",
      R"({"alg":"none","alg":"HS256"})",
      R"({"alg":"HS256","crit":["exp"]})",
      R"({"alg":"HS256","crit":[]})",
      R"({"alg":"HS256","b64":false})",
      R"({"alg":"HS256","b64":false,"crit":["b64"]})",
      R"({"alg":"HS256","kid":")" + std::string(257, 'k') + R"("})",
      R"({"alg":"HS256","kid":{"$ne":null}})",
      R"({"typ":"JWT"})",
      R"(["HS256"])",
      "HS256",
      "",
  };
  for (const std::string& header : headers) ExpectRefused(header, HmacToken(header, kClaims, "secret"));
  ExpectRefused("kid of 1 MB", HmacToken(R"({"alg":"HS256","kid":")" + std::string(1 << 20, 'k') + R"("})",
                                         kClaims, "secret"));
}

// A key that comes with the token is never used: these are signed by it and refused.
TEST_F(HostileTokenTest, KeysInTheHeaderAreIgnored) {
  const Signer mine = Signer::Generate(Algorithm::kRs256);
  for (const std::string& more :
       {R"("jwk":)" + mine.Jwk("k"), std::string(R"("jku":"https://evil.example/keys")"),
        std::string(R"("x5u":"https://evil.example/chain.pem")"), std::string(R"("x5c":["MIIB"])"),
        std::string(R"("kid":"../../../../dev/null")"), std::string(R"("kid":"x' UNION SELECT 'k")")}) {
    const std::string header = R"({"alg":"RS256",)" + more + "}";
    ExpectRefused(header, mine.Token(header, kClaims));
    EXPECT_TRUE(RunNow(verifier_->VerifyConnect(rsa_.Token(header, kClaims)))) << "ours beside it is good";
  }
  ExpectRefused("oct in jwk", HmacToken(R"({"alg":"HS256","jwk":{"kty":"oct","k":"a2V5"}})", kClaims, "key"));
  ExpectRefused("the secret of /dev/null", HmacToken(R"({"alg":"HS256","kid":"/dev/null"})", kClaims, ""));
}

TEST_F(HostileTokenTest, SignedNonsenseIsRefused) {
  for (const std::string& payload :
       {std::string(), std::string("null"), std::string("[]"), std::string("42"), std::string("\"x\""), good_,
        std::string(R"({"sub":"42")"), std::string(R"({"sub":"42"}x)"), std::string("{\"sub\":\"\x80\"}"),
        std::string(R"({"sub":{"$gt":""}})"), std::string(R"({"sub":"1","sub":"2"})"),
        std::string(R"({"exp":"never"})"),
        R"({"deep":)" + std::string(100, '[') + std::string(100, ']') + "}"}) {
    ExpectRefused(payload, SignHs256(payload, "secret"));
  }
  ExpectRefused("over 16 KiB", SignHs256(R"({"sub":")" + std::string(16 * 1024, 'x') + R"("})", "secret"));
  ExpectRefused("expired", SignHs256(R"({"channel":"","exp":1})", "wrong"));
}

}  // namespace
}  // namespace tidemill::auth
