#include "postgres/login/scram.h"

#include <gtest/gtest.h>

namespace tidemill::postgres {
namespace {

constexpr const char* kNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr const char* kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr const char* kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

// RFC 7677 section 3.
TEST(ScramClient, SpeaksAsTheStandardsExample) {
  ScramClient client({}, "pencil", kNonce, "user");
  EXPECT_EQ(client.First(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const auto challenge = client.Challenge(kServerFirst);
  ASSERT_TRUE(challenge) << challenge.error().detail;
  EXPECT_EQ(client.Final(DeriveScramKeys(*challenge)),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(client.Verify(kServerFinal));
}

TEST(ScramClient, TiesTheExchangeToTheConnection) {
  EXPECT_EQ(ScramClient({.kind = ScramBinding::Kind::kUnoffered}, "p", "abc").First(), "y,,n=,r=abc");
  ScramClient client({.kind = ScramBinding::Kind::kEndPoint, .end_point = "\x01\x02"}, "p", "abc");
  EXPECT_EQ(client.First(), "p=tls-server-end-point,,n=,r=abc");
  const auto challenge = client.Challenge("r=abcd,s=AA==,i=1");
  ASSERT_TRUE(challenge);
  // "p=tls-server-end-point,,\x01\x02"
  EXPECT_TRUE(client.Final(DeriveScramKeys(*challenge))
                  .starts_with("c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAQI=,r=abcd,p="));
}

TEST(ScramClient, RefusesWhatIsNoChallenge) {
  struct Case {
    const char* text;
    const char* why;
  };
  const Case cases[] = {
      {"", "not a server-first"},
      {"r=", "not a server-first"},
      {"x=abcd,s=AA==,i=1", "not a server-first"},
      {"r=abcd,s=AA==", "not a server-first"},
      {"s=AA==,r=abcd,i=1", "not a server-first"},
      {"m=ext,r=abcd,s=AA==,i=1", "not a server-first"},
      {"r=abcd,s=AA==,i=1,x=y", "not a server-first"},
      {"r=abc,s=AA==,i=1", "where ours ends"},
      {"r=abd,s=AA==,i=1", "where ours ends"},
      {"r=,s=AA==,i=1", "where ours ends"},
      {"r=abc\x01,s=AA==,i=1", "nonce is not one"},
      {"r=abc\x80,s=AA==,i=1", "nonce is not one"},
      {"r=abcd,s=,i=1", "salt is not one"},
      {"r=abcd,s=A,i=1", "salt is not one"},
      {"r=abcd,s=!!!!,i=1", "salt is not one"},
      {"r=abcd,s=AA==,i=0", "iterations is not one"},
      {"r=abcd,s=AA==,i=", "iterations is not one"},
      {"r=abcd,s=AA==,i=-1", "iterations is not one"},
      {"r=abcd,s=AA==,i=1x", "iterations is not one"},
      {"r=abcd,s=AA==,i=99999999999", "iterations is not one"},
      {"r=abcd,s=AA==,i=600001", "at most 600000 are computed"},
      {"r=abcd,s=AA==,i=4294967295", "at most 600000 are computed"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    ScramClient client({}, "p", "abc");
    const auto challenge = client.Challenge(c.text);
    ASSERT_FALSE(challenge);
    EXPECT_TRUE(challenge.error().detail.contains(c.why)) << challenge.error().detail;
  }
  ScramClient client({}, "p", "abc");
  EXPECT_FALSE(client.Challenge("r=abc" + std::string(2000, 'd') + ",s=AA==,i=1"));
  EXPECT_FALSE(client.Challenge("r=abcd,s=" + std::string(4000, 'A') + ",i=1"));
}

TEST(ScramClient, RefusesAServerThatDoesNotKnowThePassword) {
  ScramClient client({}, "pencil", kNonce, "user");
  EXPECT_FALSE(client.Verify(kServerFinal)) << "before there is anything to compare with";
  const auto challenge = client.Challenge(kServerFirst);
  ASSERT_TRUE(challenge);
  (void)client.Final(DeriveScramKeys(*challenge));
  for (const char* const text : {"", "v=", "v=AAAA", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "x",
                                 "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
                                 "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=y"}) {
    EXPECT_FALSE(client.Verify(text)) << text;
  }
  EXPECT_TRUE(client.Verify("e=invalid-proof").error().detail.contains("refuses: invalid-proof"));
  EXPECT_TRUE(client.Verify(kServerFinal));
}

TEST(ScramNonce, IsNewEachTime) {
  EXPECT_EQ(NewScramNonce().size(), 24u);
  EXPECT_NE(NewScramNonce(), NewScramNonce());
}

}  // namespace
}  // namespace tidemill::postgres
