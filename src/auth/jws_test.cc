#include "auth/jws.h"

#include <gtest/gtest.h>

#include "auth/testing/signer.h"
#include "base/base64.h"

namespace tidemill::auth {
namespace {

using testing::Compact;

std::string Url(std::string_view bytes) { return Base64Encode(bytes, Base64::kUrl); }

TEST(ParseJws, TakesTheThreePartsApart) {
  const std::string token =
      Compact(R"({"alg":"HS256","typ":"JWT","kid":"k1"})", R"({"sub":"42"})", "signature");
  const Result<Jws> jws = ParseJws(token);
  ASSERT_TRUE(jws) << jws.error().detail;
  EXPECT_EQ(jws->algorithm, Algorithm::kHs256);
  EXPECT_EQ(jws->key_id, "k1");
  EXPECT_EQ(jws->payload, R"({"sub":"42"})");
  EXPECT_EQ(jws->signature, "signature");
  EXPECT_EQ(jws->signing_input, token.substr(0, token.rfind('.')));
}

TEST(ParseJws, IgnoresWhatTheHeaderSaysBeside) {
  const char* headers[] = {
      R"({"alg":"HS256","typ":"anything"})",
      R"({"alg":"HS256","typ":7})",
      R"({"alg":"HS256","cty":"JWT"})",
      R"({"alg":"HS256","jku":"https://evil.example/keys"})",
      R"({"alg":"HS256","x5u":"https://evil.example/cert"})",
      R"({"alg":"HS256","jwk":{"kty":"oct","k":"c2VjcmV0"}})",
      R"({"alg":"HS256","x5c":["MIIB"]})",
      R"({"alg":"HS256","b64":true})",
      R"({"alg":"HS256","nested":{"alg":"none"}})",
      R"( { "alg" : "HS256" } )",
      R"({"\u0061lg":"HS256"})",
  };
  for (const char* header : headers) {
    SCOPED_TRACE(header);
    const Result<Jws> jws = ParseJws(Compact(header, "{}", "s"));
    ASSERT_TRUE(jws) << jws.error().detail;
    EXPECT_EQ(jws->algorithm, Algorithm::kHs256);
    EXPECT_EQ(jws->key_id, "");
  }
}

TEST(ParseJws, RefusesTheForm) {
  const std::string header = Url(R"({"alg":"HS256"})");
  struct Case {
    const char* name;
    std::string token;
  };
  const Case cases[] = {
      {"empty", ""},
      {"no dot", header},
      {"one dot", header + ".e30"},
      {"three dots", header + ".e30.c2ln."},
      {"four dots, as encrypted ones have", header + ".e30.c2ln.c2ln.c2ln"},
      {"only dots", ".."},
      {"no header", ".e30.c2ln"},
      {"padded header", Url(R"({"alg":"HS384"} )") + "=.e30.c2ln"},
      {"padded payload", header + ".eyJzdWIiOiI0In0=.c2ln"},
      {"padded signature", header + ".e30.c2lnbg=="},
      {"blank in front", " " + header + ".e30.c2ln"},
      {"blank behind", header + ".e30.c2ln "},
      {"line feed behind", header + ".e30.c2ln\n"},
      {"blank inside", header + ".e3 0.c2ln"},
      {"standard alphabet", header + ".e30.ab+/"},
      {"unused bits in the payload", header + ".e31.c2ln"},
      {"unused bits in the signature", header + ".e30.c2lnbh"},
      {"one letter", header + ".e30.c"},
      {"NUL", header + ".e30" + std::string(1, '\0') + ".c2ln"},
      {"percent-encoded", header + ".e30.c2ln%3D"},
      {"JSON serialization", R"({"payload":"e30","protected":")" + header + R"(","signature":"c2ln"})"},
      {"JSON serialization with dots", R"({"payload":"e30.","signatures":[".","c2ln"]})"},
      {"Bearer", "Bearer " + header + ".e30.c2ln"},
      {"not ASCII", header + ".e30.\xc3\xa9\xc3\xa9"},
      {"over 16 KiB", header + ".e30." + std::string(kTokenBytesMax, 'A')},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Result<Jws> jws = ParseJws(c.token);
    ASSERT_FALSE(jws);
    EXPECT_EQ(jws.error().code, Errc::kUnauthenticated);
  }
}

TEST(ParseJws, RefusesTheHeader) {
  std::string many = R"({"alg":"HS256")";
  for (int i = 0; i < 40; ++i) many += R"(,"m)" + std::to_string(i) + R"(":1)";
  const std::string headers[] = {
      "",
      "null",
      "[]",
      R"("HS256")",
      R"(["alg","HS256"])",
      "{}",
      R"({"typ":"JWT"})",
      R"({"ALG":"HS256"})",
      R"({"alg":null})",
      R"({"alg":true})",
      R"({"alg":256})",
      R"({"alg":["HS256"]})",
      R"({"alg":{"HS256":1}})",
      R"({"alg":"HS256","alg":"HS256"})",
      R"({"alg":"HS256","\u0061lg":"none"})",
      R"({"alg":"HS256","x":1,"x":2})",
      R"({"alg":"HS256","kid":5})",
      R"({"alg":"HS256","kid":null})",
      R"({"alg":"HS256","kid":["k"]})",
      R"({"alg":"HS256","kid":")" + std::string(257, 'k') + R"("})",
      R"({"alg":"HS256","crit":["exp"]})",
      R"({"alg":"HS256","crit":["exp"],"exp":1})",
      R"({"alg":"HS256","crit":[]})",
      R"({"alg":"HS256","crit":null})",
      R"({"alg":"HS256","b64":false,"crit":["b64"]})",
      R"({"alg":"HS256","b64":false})",
      R"({"alg":"HS256","b64":"true"})",
      R"({"alg":"HS256"}{})",
      R"({"alg":"HS256",})",
      R"({"alg":"HS256")",
      R"({'alg':'HS256'})",
      "{\"alg\":\"HS256\xff\"}",
      "\xef\xbb\xbf{\"alg\":\"HS256\"}",
      R"({"alg":"HS256","deep":)" + std::string(70, '[') + std::string(70, ']') + "}",
      many + "}",
  };
  for (const std::string& header : headers) {
    SCOPED_TRACE(header.substr(0, 80));
    const Result<Jws> jws = ParseJws(Compact(header, "{}", "s"));
    ASSERT_FALSE(jws);
    EXPECT_EQ(jws.error().code, Errc::kUnauthenticated);
  }
}

TEST(ParseJws, KeyIdIsOpaque) {
  for (const std::string& kid : {std::string("../../dev/null"), std::string("' or 1=1 --"),
                                 std::string(256, 'k'), std::string("http://evil.example/")}) {
    SCOPED_TRACE(kid);
    const Result<Jws> jws = ParseJws(Compact(R"({"alg":"RS256","kid":")" + kid + R"("})", "{}", "s"));
    ASSERT_TRUE(jws);
    EXPECT_EQ(jws->key_id, kid);
  }
}

// What it names is no algorithm of ours, so there is none to verify with.
TEST(ParseJws, UnknownAlgorithmsAreNone) {
  for (const char* name :
       {"none", "None", "NONE", "nOnE", "", "hs256", "HS256\\u0000", "PS1", "RSA-OAEP", "dir"}) {
    SCOPED_TRACE(name);
    const Result<Jws> jws = ParseJws(Compact(R"({"alg":")" + std::string(name) + R"("})", "{}", ""));
    ASSERT_TRUE(jws);
    EXPECT_EQ(jws->algorithm, std::nullopt);
  }
}

}  // namespace
}  // namespace tidemill::auth
